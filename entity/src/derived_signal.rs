//! Derived signals: saved expressions over signals of any run.

use sea_orm::{
    DatabaseTransaction, DbErr, QueryOrder,
    entity::prelude::*,
    sea_query::{ExprTrait, LockType, Query},
};

use crate::id::DerivedSignalId;

/// A saved expression. Its names get a meaning where it is used: it applies to the runs that have them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "derived_signal")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DerivedSignalId,
    /// Its name; no other derived signal has it.
    #[sea_orm(unique)]
    pub name: String,
    /// Its text, as its author wrote it.
    #[sea_orm(column_type = "Text")]
    pub expression: String,
    /// Its unit.
    pub unit: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// When it was created.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table of the steps that made the tables, and the step that made this one: a row that is always there.
const STEP: (&str, &str) = ("dataviewer_migration", "0005_derived_signals");

/// All of them, by id. Until the transaction ends nobody else adds, changes or removes one who asks so too: whether
/// one can be computed is a matter of all of them, also of those that another is about to add.
///
/// # Errors
/// When the database refuses.
pub async fn in_turn(tx: &DatabaseTransaction) -> Result<Vec<Model>, DbErr> {
    let (table, step) = STEP;
    // Rows that are not there yet cannot be locked.
    let mut turn = Query::select();
    turn.column("version")
        .from(table)
        .and_where(ExprTrait::eq(Expr::col("version"), step))
        .lock(LockType::Update);
    if tx.query_one(&turn).await?.is_none() {
        return Err(DbErr::RecordNotFound(format!("{table}: no row {step}")));
    }
    Entity::find().order_by_asc(Column::Id).all(tx).await
}
