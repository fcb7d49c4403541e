//! `Upload` records: a transfer of a log each. (The scalar `Upload` is the file itself, so the type is
//! `UploadRecord`.)

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entity::upload;
use sea_orm::{ColumnTrait, sea_query::Cond};

use super::{
    error::Answer,
    load::load,
    run::Run,
    scalar::{DateTime, Int64},
};

/// A transfer of a log.
#[derive(Clone, Debug)]
pub(crate) struct UploadRecord(pub(crate) upload::Model);

/// A transfer of a log: its own object, so that a failed one is visible too.
#[Object]
impl UploadRecord {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Where it is in its life.
    async fn state(&self) -> UploadState {
        self.0.state.into()
    }

    /// The file's name as the uploader had it; display text.
    async fn file_name(&self) -> &str {
        &self.0.file_name
    }

    /// Bytes received; final once committed.
    async fn bytes(&self) -> Int64 {
        Int64(self.0.bytes)
    }

    /// SHA-256 of the bytes, hex, once all are here.
    async fn sha256(&self) -> Option<&str> {
        self.0.sha256.as_deref()
    }

    /// Whether the bytes were known already: then `run` is the one that had them.
    async fn duplicate(&self) -> bool {
        self.0.duplicate
    }

    /// The run it became, or found.
    async fn run(&self, ctx: &Context<'_>) -> Answer<Option<Run>> {
        match self.0.run_id {
            Some(id) => Ok(load(ctx, id).await?.map(Run)),
            None => Ok(None),
        }
    }

    /// When it began.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When its run was committed: from here on it cannot be lost.
    async fn committed_at(&self) -> Option<DateTime> {
        self.0.committed_at.map(DateTime)
    }
}

/// Where an upload is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "upload::UploadState")]
pub(crate) enum UploadState {
    /// Bytes are coming in.
    Receiving,
    /// A run exists; its log is stored.
    Committed,
    /// Given up; its bytes are removed.
    Expired,
}

/// Which transfers.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct UploadFilter {
    /// Those in one of these states.
    states: Option<Vec<UploadState>>,
}

impl UploadFilter {
    pub(crate) fn condition(&self) -> Cond {
        let any = |states: &Vec<UploadState>| {
            upload::Column::State.is_in(states.iter().map(|state| upload::UploadState::from(*state)))
        };
        Cond::all().add_option(self.states.as_ref().map(any))
    }
}
