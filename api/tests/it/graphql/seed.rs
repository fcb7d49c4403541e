//! A runtime, its schema, and rows to ask for.

use api::graphql::Schema;
use async_graphql::Request;
use entity::{
    conversion::{self, Publication},
    id::{ConversionId, JobId, UploadId},
    job,
    run::NewRun,
    signal::RecordedSignal,
    upload::{self, Commit, CommitOutcome, Committed, NewUpload},
};
use platform::{storage::KeyPrefix, testing::TestRuntime};
use serde_json::Value;
use std::time::Duration;

/// What to ask, and what answers.
pub(super) struct Garage {
    pub(super) runtime: TestRuntime,
    pub(super) schema: Schema,
}

impl Garage {
    pub(super) async fn new() -> Self {
        let runtime = TestRuntime::start().await.unwrap();
        let schema = api::graphql::schema(&runtime);
        Self { runtime, schema }
    }

    /// The whole answer.
    pub(super) async fn answer(&self, request: impl Into<Request>) -> Value {
        serde_json::to_value(self.schema.execute(request.into()).await).unwrap()
    }

    /// The data of an answer without errors.
    pub(super) async fn ask(&self, request: impl Into<Request>) -> Value {
        let answer = self.answer(request).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    /// The code of a refusal.
    pub(super) async fn refused(&self, request: impl Into<Request>) -> String {
        let answer = self.answer(request).await;
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// A run with a queued job, of a log of its own.
    pub(super) async fn run(&self, run: NewRun) -> Committed {
        let id = UploadId::new();
        let new = NewUpload {
            id,
            object_key: format!("uploads/{}", id.0),
            file_name: "LOG00011.CSV".to_owned(),
            expires_in: Duration::from_secs(3600),
        };
        let commit = Commit {
            upload_id: id,
            bytes: 3,
            sha256: format!("{:0>64}", id.0.simple()),
            run: NewRun { time_zone: "UTC".to_owned(), ..run },
            as_new_run: false,
            idempotency_key: None,
        };
        let database = &self.runtime.database;
        database.transaction(move |tx| Box::pin(upload::begin(tx, new.clone()))).await.unwrap();
        let outcome = database.transaction(move |tx| Box::pin(upload::commit(tx, commit.clone()))).await;
        let CommitOutcome::Committed(committed) = outcome.unwrap() else { panic!("not committed") };
        committed
    }

    pub(super) async fn numbered(&self, number: i32) -> Committed {
        self.run(NewRun { number: Some(number), name: Some(format!("run {number}")), ..NewRun::default() })
            .await
    }

    /// The oldest waiting job as a worker holds it.
    pub(super) async fn claim(&self) -> job::Model {
        let claimed = self.runtime.database.transaction(|tx| {
            Box::pin(async move { job::claim(tx, "a worker", Duration::from_secs(60)).await })
        });
        claimed.await.unwrap().unwrap()
    }

    /// Ends a claimed job with a conversion that recorded these signals (message, name).
    pub(super) async fn publish(&self, job: job::Model, signals: &[(&str, &str)]) {
        let signals: Vec<_> = signals.iter().map(|(message, name)| recorded(message, name)).collect();
        let published = self.runtime.database.transaction(move |tx| {
            let (job, signals) = (job.clone(), signals.clone());
            Box::pin(async move {
                let id = ConversionId::new();
                let prefix = KeyPrefix::Conversion { run: job.run_id, conversion: id }.to_string();
                conversion::begin(tx, &job, id, &prefix).await?;
                conversion::publish(tx, publication(&job, id, signals)).await
            })
        });
        assert!(published.await.unwrap());
    }

    /// The events of one subscription until it completes.
    pub(super) async fn job_events(&self, id: JobId) -> Vec<Value> {
        use futures::StreamExt;
        let asked = format!("subscription {{ job(id: \"{id}\") {{ kind seq job {{ state }} }} }}");
        let events = self.schema.execute_stream(asked).map(|event| serde_json::to_value(event).unwrap());
        events.collect().await
    }
}

fn publication(job: &job::Model, id: ConversionId, signals: Vec<RecordedSignal>) -> Publication {
    Publication {
        conversion_id: id,
        job_id: job.id,
        token: job.token,
        run_id: job.run_id,
        manifest: "{}".to_owned(),
        report: "{}".to_owned(),
        bytes: 1,
        warning_count: 0,
        time_source: "RTC".to_owned(),
        start_at: Some(10),
        end_at: Some(20),
        signals,
    }
}

fn recorded(message: &str, name: &str) -> RecordedSignal {
    RecordedSignal {
        bus: Some("can0".to_owned()),
        frame_id: Some(u32::try_from(message.len()).unwrap()),
        extended: false,
        message: message.to_owned(),
        name: name.to_owned(),
        unit: None,
        file: format!("can0_{message}.parquet"),
        overview: format!("can0_{message}.overview.parquet"),
        sorted: true,
        count: 5,
        summary: "{}".to_owned(),
        first_at: Some(10),
        last_at: Some(20),
    }
}
