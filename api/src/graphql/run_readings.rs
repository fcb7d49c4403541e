//! What is read of a run's signals: fields of `Run`, in a file of their own.

use async_graphql::{Context, ID, Object};

use super::{
    applicability::{self, Applicability},
    error::{Answer, Refusal},
    export::{Export, ExportFormat},
    load::SignalSearch,
    message_file::{self, MessageFile},
    page::{self, Connection, PageArgs},
    run::Run,
    scalar::Url,
    search,
    series::{self, Fill, Grid, Resolution, Series, Shape, SignalSelector},
    signal::Signal,
    statistics::{self, Statistics},
    window::TimeWindow,
};

/// The most names of one argument.
const MAX_NAMES: usize = 200;

/// What is read of a run's signals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunReadings<'r>(pub(super) &'r Run);

/// What is read of a run's signals.
#[Object]
impl RunReadings<'_> {
    /// Its signals ("variables" in the original API), in the order of their messages.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn signals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which is in the name, the message or the unit.")] search: Option<
            String,
        >,
        #[graphql(desc = "Exactly these names, short or qualified.")] names: Option<Vec<String>>,
        #[graphql(desc = "Those of this bus.")] bus: Option<String>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<Signal>> {
        if names.as_ref().is_some_and(|names| names.len() > MAX_NAMES) {
            return Err(Refusal::input("names", format!("At most {MAX_NAMES} names.")));
        }
        let search = SignalSearch { words: search::words(search.as_deref())?, names, bus };
        self.0.signal_page(ctx, search, PageArgs { first, after, last, before }).await
    }

    /// One of its signals, by id or by name; exactly one of the two is to be given.
    async fn signal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signal's id.")] id: Option<ID>,
        #[graphql(
            desc = "Its short name where unique, else `Message.Signal`; AMBIGUOUS_SIGNAL lists candidates."
        )]
        name: Option<String>,
        #[graphql(desc = "The message, to make a short name unique.")] message: Option<String>,
    ) -> Answer<Option<Signal>> {
        self.0.one_signal(ctx, id, name, message).await.map(Some)
    }

    /// Samples of several signals, one entry a selector in the order given ("points" in the original API). Few
    /// samples come as they are, many reduced to at most `maxPoints` entries a signal.
    #[graphql(complexity = "1 + signals.len() * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signals.")] signals: Vec<SignalSelector>,
        #[graphql(desc = "The times wanted; the whole run unless told.")] window: Option<TimeWindow>,
        #[graphql(desc = "How many points at most, and how to reduce to them.")] resolution: Option<
            Resolution,
        >,
        #[graphql(desc = "Whether they have their times in common.", default)] grid: Grid,
        #[graphql(desc = "What stands where there is no sample.", default_with = "Fill::None")] fill: Fill,
    ) -> Answer<Option<Vec<Series>>> {
        let shape = Shape { resolution: resolution.unwrap_or_default(), grid, fill };
        series::of_axis(ctx, &self.0.axis(ctx, window).await?, signals, shape).await.map(Some)
    }

    /// Signals as one table to take away, all samples of them unless `resolution` says otherwise: a link that is good for
    /// `server { limits { linkSeconds } }`. Null before the first conversion, once it is deleted, and
    /// for times that the run does not have.
    #[graphql(complexity = "statistics::cost(signals.as_ref(), 1)")]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn export_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How the table is written.")] format: ExportFormat,
        #[graphql(desc = "Its columns; all recorded signals unless told.")] signals: Option<
            Vec<SignalSelector>,
        >,
        #[graphql(desc = "The times wanted; the whole run unless told.")] window: Option<TimeWindow>,
        #[graphql(desc = "How to reduce samples; with neither `maxPoints` nor `every` not at all.")]
        resolution: Option<Resolution>,
        #[graphql(desc = "What stands where there is no sample.", default_with = "Fill::None")] fill: Fill,
    ) -> Answer<Option<Url>> {
        let axis = self.0.axis(ctx, window).await?;
        Export::checked(ctx, axis, signals, (resolution, fill)).await?.link(ctx, format).await
    }

    /// Figures of all samples of several signals, one entry a signal in the order given ("kpi" in the original API).
    #[graphql(complexity = "statistics::cost(signals.as_ref(), child_complexity)")]
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signals; all recorded ones unless told.")] signals: Option<Vec<SignalSelector>>,
        #[graphql(desc = "The times wanted; the whole run unless told.")] window: Option<TimeWindow>,
    ) -> Answer<Option<Vec<Statistics>>> {
        statistics::of_axis(ctx, &self.0.axis(ctx, window).await?, signals).await.map(Some)
    }

    /// Which saved expressions apply to it ("filters" in the original API): those whose every name means one of its
    /// signals.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn derived_signals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that apply, those that do not, or (null) all.", default_with = "Some(true)")]
        applicable: Option<bool>,
    ) -> Answer<Vec<Applicability>> {
        applicability::over(ctx, &[self.0.0.id], applicable).await
    }

    /// The files that its messages were written to, in the order of the messages, for tools that read Parquet; null
    /// before the first conversion.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn message_files(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those of the message of this name, one a bus and frame id.")] message: Option<
            String,
        >,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Option<Connection<MessageFile>>> {
        let args = PageArgs { first, after, last, before };
        message_file::page(ctx, &self.0.0, message.as_deref(), args).await
    }
}
