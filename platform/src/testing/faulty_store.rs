//! An object store that fails when told to.

use std::{
    fmt,
    ops::Range,
    str::FromStr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart, path::Path,
};

/// A fault, and when it strikes: `error:7` at the 7th operation, `error:50%` at half of them by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// When.
    pub when: FaultTime,
}

/// What goes wrong with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// `error`: it is not done, and fails.
    Error,
    /// `after`: it is done, and is said to have failed.
    ErrorAfterSuccess,
    /// `hang`: it is not done, and never ends.
    Hang,
    /// `short`: half of the bytes are read, or written, and it is said to have gone well.
    Short,
    /// `flip`: the first bit of the bytes is read wrong. (Writing is safe from it: buckets check what they get.)
    Flip,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultTime {
    /// At this operation, from 1.
    Operation(u64),
    /// At so many of a hundred, by chance.
    Percent(u8),
}

impl FromStr for Fault {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        const EXPECTED: &str = "expected error, after, hang, short or flip, and when: `error:7`, `error:50%`";
        let (kind, when) = text.split_once(':').ok_or(EXPECTED)?;
        let kind = match kind {
            "error" => FaultKind::Error,
            "after" => FaultKind::ErrorAfterSuccess,
            "hang" => FaultKind::Hang,
            "short" => FaultKind::Short,
            "flip" => FaultKind::Flip,
            _ => return Err(EXPECTED),
        };
        let when = match when.strip_suffix('%') {
            Some(percent) => percent.parse().map(FaultTime::Percent),
            None => when.parse().map(FaultTime::Operation),
        };
        Ok(Self { kind, when: when.map_err(|_| EXPECTED)? })
    }
}

/// The faults of a process's stores, and their operations so far.
#[derive(Debug, Default)]
pub struct Faults {
    fault: Mutex<Option<Fault>>,
    operations: AtomicU64,
    struck: AtomicU64,
}

impl Faults {
    /// This fault from the first operation on.
    #[must_use]
    pub fn new(fault: Option<Fault>) -> Self {
        Self { fault: Mutex::new(fault), ..Self::default() }
    }

    /// This fault from now on; operations are counted from here.
    pub fn set(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        self.operations.store(0, Ordering::SeqCst);
        self.struck.store(0, Ordering::SeqCst);
    }

    /// Operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::SeqCst)
    }

    /// How many of them went wrong.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.struck.load(Ordering::SeqCst)
    }

    /// What goes wrong with the operation that begins.
    pub(super) fn strike(&self) -> Option<FaultKind> {
        let operation = self.operations.fetch_add(1, Ordering::SeqCst) + 1;
        let fault = (*self.fault.lock().unwrap_or_else(PoisonError::into_inner))?;
        let strikes = match fault.when {
            FaultTime::Operation(when) => when == operation,
            FaultTime::Percent(percent) => fastrand::u8(0..100) < percent,
        };
        strikes.then(|| {
            self.struck.fetch_add(1, Ordering::SeqCst);
            fault.kind
        })
    }

    /// Does the operation, or what the fault makes of it. What is wrong with bytes is for the operation to do.
    pub(super) async fn operate<T>(
        &self,
        work: impl AsyncFnOnce(Option<FaultKind>) -> Result<T>,
    ) -> Result<T> {
        match self.strike() {
            Some(FaultKind::Error) => Err(injected()),
            Some(FaultKind::Hang) => std::future::pending().await,
            Some(FaultKind::ErrorAfterSuccess) => work(None).await.and(Err(injected())),
            bytes => work(bytes).await,
        }
    }
}

pub(super) fn injected() -> Error {
    Error::Generic { store: "faulty", source: "an injected fault".into() }
}

/// `inner` with `faults`.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn ObjectStore>,
    faults: Arc<Faults>,
}

impl FaultyStore {
    /// `inner` with `faults`.
    pub fn new(inner: Arc<dyn ObjectStore>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with faults", self.inner)
    }
}

/// The bytes as a fault leaves them.
fn spoilt(bytes: Bytes, fault: Option<FaultKind>) -> Bytes {
    match fault {
        Some(FaultKind::Short) => bytes.slice(..bytes.len() / 2),
        Some(FaultKind::Flip) if !bytes.is_empty() => {
            let mut wrong = bytes.to_vec();
            wrong[0] ^= 1;
            wrong.into()
        }
        _ => bytes,
    }
}

pub(super) fn spoilt_payload(payload: PutPayload, fault: Option<FaultKind>) -> PutPayload {
    match fault {
        Some(FaultKind::Short) => spoilt(payload.into(), fault).into(),
        _ => payload,
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let put = async |fault| self.inner.put_opts(at, spoilt_payload(payload, fault), options).await;
        self.faults.operate(put).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.faults.operate(async |_| self.inner.put_multipart_opts(at, options).await).await?;
        Ok(Box::new(FaultyUpload { inner, faults: self.faults.clone() }))
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let get = async |fault: Option<FaultKind>| {
            let mut found = self.inner.get_opts(at, options.clone()).await?;
            if fault.is_some() && !options.head {
                let (meta, range, attributes) =
                    (found.meta.clone(), found.range.clone(), found.attributes.clone());
                let extensions = std::mem::take(&mut found.extensions);
                let bytes = spoilt(found.bytes().await?, fault);
                let payload = GetResultPayload::Stream(futures::stream::iter([Ok(bytes)]).boxed());
                found = GetResult { payload, meta, range, attributes, extensions };
            }
            Ok(found)
        };
        self.faults.operate(get).await
    }

    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.faults.operate(async |_| self.inner.get_ranges(at, ranges).await).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (inner, faults) = (self.inner.clone(), self.faults.clone());
        let delete = move |path: Path| {
            let (inner, faults) = (inner.clone(), faults.clone());
            async move {
                let one = futures::stream::once(async { Ok(path) }).boxed();
                let deleted = inner.delete_stream(one).boxed();
                let first = async |_| deleted.into_future().await.0.unwrap_or_else(|| Err(injected()));
                faults.operate(first).await
            }
            .boxed()
        };
        paths.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (faults, listed) = (self.faults.clone(), self.inner.list(prefix));
        let begun = async move { faults.operate(async |_| Ok(listed)).await };
        begun.try_flatten_stream().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.faults.operate(async |_| self.inner.list_with_delimiter(prefix).await).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.faults.operate(async |_| self.inner.copy_opts(from, to, options).await).await
    }
}

/// An upload whose steps are operations too.
#[derive(Debug)]
struct FaultyUpload {
    inner: Box<dyn MultipartUpload>,
    faults: Arc<Faults>,
}

#[async_trait]
impl MultipartUpload for FaultyUpload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        // The part takes its place here, whatever becomes of it: parts are in the order of these calls.
        let fault = self.faults.strike();
        let part = self.inner.put_part(spoilt_payload(payload, fault));
        match fault {
            Some(FaultKind::Error) => async { Err(injected()) }.boxed(),
            Some(FaultKind::Hang) => std::future::pending().boxed(),
            Some(FaultKind::ErrorAfterSuccess) => async { part.await.and(Err(injected())) }.boxed(),
            Some(FaultKind::Short | FaultKind::Flip) | None => part,
        }
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let inner = &mut self.inner;
        self.faults.operate(async |_| inner.complete().await).await
    }

    async fn abort(&mut self) -> Result<()> {
        let inner = &mut self.inner;
        self.faults.operate(async |_| inner.abort().await).await
    }
}
