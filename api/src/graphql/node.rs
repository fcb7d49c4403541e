//! `Node`: anything that has an id.

use async_graphql::{Context, ID, Interface};
use entity::id::{
    ConversionId, DbcId, DerivedSignalId, IntervalId, JobId, MarkerId, RunId, SignalId, TestDayId, UploadId,
    VehicleId,
};

use super::{
    conversion::Conversion,
    dbc::Dbc,
    derived_signal::DerivedSignal,
    error::Answer,
    interval::{Interval, Marker},
    job::Job,
    load::load,
    run::Run,
    signal::Signal,
    test_day::TestDay,
    upload::UploadRecord,
    vehicle::Vehicle,
};

/// Anything that has an id (Relay's global object identification). Ids are opaque.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its id."))]
pub(crate) enum Node {
    Run(Run),
    Signal(Signal),
    Job(Job),
    Upload(UploadRecord),
    Dbc(Dbc),
    Conversion(Conversion),
    Vehicle(Vehicle),
    TestDay(TestDay),
    Interval(Interval),
    Marker(Marker),
    DerivedSignal(DerivedSignal),
}

/// What has this id; none when there is nothing, whatever the id looks like.
pub(crate) async fn of_id(ctx: &Context<'_>, id: &ID) -> Answer<Option<Node>> {
    macro_rules! look {
        ($($tag:ident => $node:expr),* $(,)?) => {
            $(if let Ok(id) = id.parse::<$tag>() {
                return Ok(load(ctx, id).await?.map($node));
            })*
        };
    }
    look! {
        RunId => |row| Node::Run(Run(row)),
        SignalId => |row| Node::Signal(Signal::from(row)),
        JobId => |row| Node::Job(Job::from(row)),
        UploadId => |row| Node::Upload(UploadRecord(row)),
        DbcId => |row| Node::Dbc(Dbc(row)),
        ConversionId => |row| Node::Conversion(Conversion::from(row)),
        VehicleId => |row| Node::Vehicle(Vehicle(row)),
        TestDayId => |row| Node::TestDay(TestDay(row)),
        IntervalId => |row| Node::Interval(Interval(row)),
        MarkerId => |row| Node::Marker(Marker(row)),
        DerivedSignalId => |row| Node::DerivedSignal(DerivedSignal(row)),
    }
    Ok(None)
}
