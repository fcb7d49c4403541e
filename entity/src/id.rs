//! Ids: a type each inside, opaque and type-tagged outside (`run_0199…`).

use std::{fmt, str::FromStr};

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is no id, or one of another type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that starts with `{expected}_`")]
pub struct InvalidId {
    /// The tag that was expected.
    pub expected: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $tag:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub Uuid);

        impl $name {
            /// The tag in front of the id's text.
            pub const TAG: &'static str = $tag;

            /// A new id; later ones sort after earlier ones.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default that differs each time is none")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($tag, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($tag, "_"))
                    .filter(|rest| rest.len() == 32)
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or(InvalidId { expected: $tag })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id!(/// One drive.
    RunId, "run");
id!(/// One transfer of a log.
    UploadId, "upload");
id!(/// A stored log.
    BlobId, "log");
id!(/// Background work on a run.
    JobId, "job");
id!(/// One attempt's output.
    ConversionId, "conversion");
id!(/// A registered DBC.
    DbcId, "dbc");
id!(/// A signal as recorded in one run; the same again after the run is converted again.
    SignalId, "signal");
id!(/// A car.
    VehicleId, "vehicle");
id!(/// A day at a track.
    TestDayId, "testday");
id!(/// A part of a test day or of a run.
    IntervalId, "interval");
id!(/// An instant of a test day or of a run.
    MarkerId, "marker");
id!(/// A saved expression.
    DerivedSignalId, "derived");
