//! Registered DBC files: one row a SHA-256.

use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, QueryOrder, entity::prelude::*};

use crate::{
    clock,
    id::{DbcId, VehicleId},
    job::DbcBinding,
    vehicle_dbc,
};

/// A registered DBC file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dbc")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DbcId,
    /// SHA-256 of the file, hex.
    #[sea_orm(unique)]
    pub sha256: String,
    /// The name it was registered with.
    pub name: String,
    /// Its `VERSION`.
    pub version: String,
    /// Where its bytes are (`dbcs/<uuid>`).
    pub object_key: String,
    /// Their number.
    pub bytes: i64,
    /// Messages in it.
    pub message_count: i32,
    /// Signals in it.
    pub signal_count: i32,
    /// What is odd about it: JSON list of diagnostics.
    #[sea_orm(column_type = "Text")]
    pub diagnostics: String,
    /// Whether uploads that name no DBC use it.
    pub is_default: bool,
    /// When it was registered.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A DBC whose bytes are stored.
#[derive(Clone, Debug)]
pub struct NewDbc {
    /// Its id; its object is named by it.
    pub id: DbcId,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// The name to register it with.
    pub name: String,
    /// Its `VERSION`.
    pub version: String,
    /// Where its bytes are.
    pub object_key: String,
    /// Their number.
    pub bytes: i64,
    /// Messages in it.
    pub message_count: i32,
    /// Signals in it.
    pub signal_count: i32,
    /// JSON list of diagnostics.
    pub diagnostics: String,
}

/// A registered DBC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// It.
    pub dbc: Model,
    /// Whether the same bytes were registered before: that row stands unchanged, and the new object is surplus.
    pub duplicate: bool,
}

/// Registers a DBC, or finds the one with the same bytes.
///
/// # Errors
/// When the database refuses.
pub async fn register(tx: &DatabaseTransaction, new: NewDbc) -> Result<Registered, DbErr> {
    if let Some(dbc) = Entity::find().filter(Column::Sha256.eq(&new.sha256)).one(tx).await? {
        return Ok(Registered { dbc, duplicate: true });
    }
    let dbc = Model {
        id: new.id,
        sha256: new.sha256,
        name: new.name,
        version: new.version,
        object_key: new.object_key,
        bytes: new.bytes,
        message_count: new.message_count,
        signal_count: new.signal_count,
        diagnostics: new.diagnostics,
        is_default: false,
        created_at: clock::now(tx).await?,
    };
    Entity::insert(ActiveModel::from(dbc.clone()).reset_all()).exec_without_returning(tx).await?;
    Ok(Registered { dbc, duplicate: false })
}

/// Makes `dbcs` the defaults of uploads that name none, and no others.
///
/// # Errors
/// When the database refuses.
pub async fn set_defaults(tx: &DatabaseTransaction, dbcs: &[DbcId]) -> Result<(), DbErr> {
    for (is_default, chosen) in
        [(false, Column::IsDefault.eq(true)), (true, Column::Id.is_in(dbcs.iter().copied()))]
    {
        Entity::update_many()
            .set(ActiveModel { is_default: Set(is_default), ..<ActiveModel as ActiveModelTrait>::default() })
            .filter(chosen)
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// The DBCs of an upload that names none: the vehicle's, else the defaults, oldest first, for all buses.
///
/// # Errors
/// When the database refuses.
pub async fn defaults<C: ConnectionTrait>(
    conn: &C,
    vehicle: Option<VehicleId>,
) -> Result<Vec<DbcBinding>, DbErr> {
    if let Some(vehicle) = vehicle {
        let bound = vehicle_dbc::of_vehicle(conn, vehicle).await?;
        if !bound.is_empty() {
            return Ok(bound);
        }
    }
    let defaults = Entity::find()
        .filter(Column::IsDefault.eq(true))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(conn)
        .await?;
    Ok(defaults.into_iter().map(|dbc| DbcBinding { dbc_id: dbc.id, bus: None }).collect())
}
