//! Uploads into a bucket that were begun part by part and whose object nobody owns: no listing shows what they hold.

use std::time::Duration;

use entity::part_upload;
use miette::{IntoDiagnostic, Result};
use platform::storage::ObjectKey;
use sea_orm::{DbErr, EntityTrait};

use super::report::{Finding, Kind, Reporter};
use super::stray::{Limit, Use, owners};
use crate::cli::places::Places;

/// Rows looked at in one go.
const PAGE: u64 = 200;

/// Looks at every upload by parts that is noted.
pub(super) async fn check(places: &Places, limit: Limit, reporter: &mut Reporter) -> Result<()> {
    let mut after = None;
    loop {
        let mut noted = part_upload::Entity::find().cursor_by(part_upload::Column::Id);
        if let Some(after) = after {
            noted.after(after);
        }
        let noted = noted.first(PAGE).all(places.database.read()).await.into_diagnostic()?;
        judge(places, &noted, limit, reporter).await?;
        match noted.last() {
            Some(last) if noted.len() as u64 == PAGE => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

async fn judge(
    places: &Places,
    noted: &[part_upload::Model],
    limit: Limit,
    reporter: &mut Reporter,
) -> Result<()> {
    let named: Vec<(ObjectKey, &part_upload::Model)> =
        noted.iter().filter_map(|row| Some((row.object_key.parse().ok()?, row))).collect();
    let (owners, now) = owners(places, named.iter().map(|(key, _)| key).collect()).await.into_diagnostic()?;
    for (key, row) in named {
        let age = Duration::from_micros(u64::try_from(now - row.created_at).unwrap_or_default());
        match owners.get(&key) {
            // Completed, and its note is what is left.
            Some(Use::Read) => {}
            Some(Use::UnderWay) => reporter.counts.under_way += 1,
            Some(Use::Garbage) => reporter.counts.garbage += 1,
            None if age < limit.older_than => reporter.counts.young += 1,
            None => reporter.find(&left(places, &key, row, limit.repair).await?),
        }
    }
    Ok(())
}

async fn left(places: &Places, key: &ObjectKey, row: &part_upload::Model, repair: bool) -> Result<Finding> {
    if repair {
        places.storage.abort_upload(key, &row.upload_id).await.into_diagnostic()?;
        let id = row.id;
        let forget =
            places.database.transaction::<_, DbErr, _>(move |tx| Box::pin(part_upload::forget(tx, id)));
        forget.await.into_diagnostic()?;
    }
    let detail = "parts of it lie in the bucket, whose writer is gone".to_owned();
    Ok(Finding { kind: Kind::Staging, subject: key.to_string(), detail, repaired: repair })
}
