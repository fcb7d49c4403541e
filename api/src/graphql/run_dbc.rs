//! `RunDbc`: a DBC and the bus it is bound to.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{id::DbcId, job::DbcBinding};

use super::{
    dbc::Dbc,
    error::{Answer, Refusal},
    input,
    load::load,
};

/// A DBC and the bus it is bound to.
#[derive(Clone, Debug)]
pub(crate) struct RunDbc {
    pub(crate) dbc: DbcId,
    pub(crate) bus: Option<String>,
}

/// A DBC and the bus it is bound to.
#[Object]
impl RunDbc {
    /// The DBC.
    async fn dbc(&self, ctx: &Context<'_>) -> Answer<Option<Dbc>> {
        Ok(load(ctx, self.dbc).await?.map(Dbc))
    }

    /// The bus whose frames it decodes, in the log's own text (`can0`, `1`); null: those of all.
    async fn bus(&self) -> Option<&str> {
        self.bus.as_deref()
    }
}

/// A DBC to decode with, and the bus it is bound to.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RunDbcInput {
    /// The DBC.
    pub(crate) dbc: ID,
    /// The bus whose frames it decodes, in the log's own text (`can0`, `1`); null: those of all.
    pub(crate) bus: Option<String>,
}

impl RunDbcInput {
    /// The binding, its id checked for its type only.
    pub(crate) fn binding(&self) -> Answer<RunDbc> {
        let bus = input::optional_text(self.bus.as_deref(), "dbcs", 64)?;
        Ok(RunDbc { dbc: input::id(&self.dbc, "dbcs")?, bus })
    }
}

/// The most DBCs of a run.
const MAX_DBCS: usize = 16;

/// Checks that all DBCs exist and that none is bound twice to one bus.
pub(crate) async fn bindings(ctx: &Context<'_>, inputs: &[RunDbcInput]) -> Answer<Vec<RunDbc>> {
    if inputs.len() > MAX_DBCS {
        return Err(Refusal::input("dbcs", format!("At most {MAX_DBCS} DBCs.")));
    }
    let bindings: Vec<RunDbc> = inputs.iter().map(RunDbcInput::binding).collect::<Answer<_>>()?;
    for (n, binding) in bindings.iter().enumerate() {
        if bindings[..n].iter().any(|other| other.dbc == binding.dbc && other.bus == binding.bus) {
            return Err(Refusal::input("dbcs", format!("{} is given twice for one bus.", binding.dbc)));
        }
        if load(ctx, binding.dbc).await?.is_none() {
            return Err(Refusal::not_found("DBC", binding.dbc).at("dbcs"));
        }
    }
    Ok(bindings)
}

impl From<RunDbc> for DbcBinding {
    fn from(binding: RunDbc) -> Self {
        Self { dbc_id: binding.dbc, bus: binding.bus }
    }
}
