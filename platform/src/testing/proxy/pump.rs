//! What happens to bytes between a client and its server.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::sleep;

use super::weather::{Loss, Sky};

/// Bytes read at once.
const PIECE: usize = 16 * 1024;

/// The answer was lost: the connection goes with it.
struct Lost;

/// Passes both ways on until both have ended, or an answer is lost.
pub(super) async fn passing(
    (mut from_client, mut to_server): (ReadHalf<'_>, WriteHalf<'_>),
    (mut from_server, mut to_client): (ReadHalf<'_>, WriteHalf<'_>),
    sky: &Sky,
) {
    let questions = async {
        pass(&mut from_client, &mut to_server, sky, |_| Ok(())).await;
        Ok(())
    };
    let mut seen = Vec::new();
    let answers = async {
        let lost = pass(&mut from_server, &mut to_client, sky, |piece| strike(sky, &mut seen, piece)).await;
        lost.map_or(Ok(()), Err)
    };
    let _: Result<((), ()), Lost> = tokio::try_join!(questions, answers);
}

/// Passes one way on until its end, then passes the end on; says when an answer was lost instead.
async fn pass(
    from: &mut ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
    sky: &Sky,
    mut strike: impl FnMut(&mut [u8]) -> Result<(), Lost>,
) -> Option<Lost> {
    let mut buffer = vec![0; PIECE];
    loop {
        let size = from.read(&mut buffer).await.unwrap_or(0);
        let piece = &mut buffer[..size];
        hold_back(sky, size).await;
        if let Err(lost) = strike(piece) {
            return Some(lost);
        }
        if size == 0 || to.write_all(piece).await.is_err() {
            let _ = to.shutdown().await;
            return None;
        }
    }
}

/// Waits as long as the weather keeps `size` bytes back.
async fn hold_back(sky: &Sky, size: usize) {
    let mut weather = sky.weather.subscribe();
    let Ok(weather) = weather.wait_for(|weather| !weather.blackhole).await.map(|weather| weather.clone())
    else {
        return;
    };
    let for_rate = weather.rate.map(|rate| Duration::from_secs_f64(size as f64 / rate as f64));
    let time = weather.delay + for_rate.unwrap_or_default();
    if !time.is_zero() {
        sleep(time).await;
    }
}

/// Whether what was seen holds the answer to lose; keeps of it what may be the beginning of one.
fn meets(loss: &mut Loss, seen: &mut Vec<u8>) -> bool {
    let size = loss.bytes.len().max(1);
    while let Some(at) = seen.windows(size).position(|window| window == loss.bytes.as_slice()) {
        seen.drain(..at + size);
        let Some(spare) = loss.spare.checked_sub(1) else { return true };
        loss.spare = spare;
    }
    seen.drain(..seen.len().saturating_sub(size));
    false
}

/// Loses or changes an answer, if that was asked for; `seen` holds the end of what passed before.
fn strike(sky: &Sky, seen: &mut Vec<u8>, piece: &mut [u8]) -> Result<(), Lost> {
    let mut lost = false;
    sky.weather.send_if_modified(|weather| {
        if let Some(loss) = &mut weather.lose {
            seen.extend_from_slice(piece);
            lost = meets(loss, seen);
        }
        let flipped = weather.flip.filter(|at| *at < piece.len());
        if let Some(at) = flipped {
            piece[at] ^= 0xff;
            weather.flip = None;
        }
        if lost {
            weather.lose = None;
        }
        if lost || flipped.is_some() {
            sky.strikes.fetch_add(1, Ordering::SeqCst);
        }
        false
    });
    if lost { Err(Lost) } else { Ok(()) }
}
