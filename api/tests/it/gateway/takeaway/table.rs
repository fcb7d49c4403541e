//! Signals of runs as one table.

use std::{fmt::Write as _, io::Cursor};

use entity::run::{self, NewRun};
use reqwest::Method;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DbErr};
use serde_json::{Map, Value, json};

use super::{Site, header};
use crate::gateway::{numbered, series::drive};

/// A table as text: the names, and of each row its time and its values.
type Table = (Vec<String>, Vec<(String, Vec<Option<f64>>)>);

impl Site {
    /// The CSV under this path.
    async fn csv(&self, path: &str) -> Table {
        let answer = self.get(path).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let names = lines.next().unwrap();
        let number = |text: &String| (!text.is_empty()).then(|| text.parse().unwrap());
        let row = |row: Vec<String>| (row[0].clone(), row[1..].iter().map(number).collect());
        (names, lines.map(row).collect())
    }

    /// The values of the rows, by their times, of this query of a run.
    async fn rows(&self, run: &str, query: &str) -> Vec<(String, Vec<Option<f64>>)> {
        self.csv(&format!("/runs/{run}/data.csv?{query}")).await.1
    }
}

/// Milliseconds since 1970 within its first hour.
fn time(millis: u32) -> String {
    format!("1970-01-01T00:{:02}:{:02}.{:03}000Z", millis / 60_000, millis / 1000 % 60, millis % 1000)
}

fn window(from: u32, to: u32) -> String {
    format!("from={}&to={}", time(from), time(to))
}

/// The samples of `Engine.Speed` and of `Gear` that the drive at 1 s has from its frame `n` on.
fn sample(n: u32) -> (String, Vec<Option<f64>>) {
    (time(1000 + n), vec![Some(f64::from(n) / 2.0), Some(f64::from(n % 3))])
}

#[tokio::test]
async fn a_table_holds_every_sample_in_every_format() {
    let site = Site::start().await;
    let run = site.converted().await.to_string();
    let path = |form: &str| format!("/runs/{run}/data.{form}?signals=Engine.Speed,Gear");
    let (names, rows) = site.csv(&path("csv")).await;
    assert_eq!(names, ["timestamp", "Engine.Speed", "Gear"]);
    assert_eq!(rows, (0..10_000).map(sample).collect::<Vec<_>>());

    let lines = site.get(&path("ndjson")).await.text().await.unwrap();
    let lines: Vec<Map<String, Value>> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let object = |n| {
        let (time, values) = sample(n);
        let object = json!({ "timestamp": time, "Engine.Speed": values[0], "Gear": values[1] });
        object.as_object().unwrap().clone()
    };
    assert_eq!(lines, (0..10_000).map(object).collect::<Vec<_>>());

    let arrow = site.get(&path("arrow")).await.bytes().await.unwrap();
    assert!(arrow.starts_with(b"ARROW1") && arrow.ends_with(b"ARROW1"));
    let parquet = site.get(&path("parquet")).await.bytes().await.unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    assert_eq!(canlog::series::row_count(Cursor::new(parquet.to_vec())).unwrap(), 10_000);

    for (form, kind) in [
        ("csv", "text/csv; charset=utf-8; header=present"),
        ("ndjson", "application/x-ndjson"),
        ("arrow", "application/vnd.apache.arrow.file"),
        ("parquet", "application/vnd.apache.parquet"),
    ] {
        let answer = site.ask_for(Method::GET, &path(form), &[("accept-encoding", "gzip")]).await;
        assert_eq!((header(&answer, "content-type"), header(&answer, "content-encoding")), (kind, ""));
        let name = format!("filename=\"DATA_1970-01-01_00-00_00-00_Engine.Speed_Gear.{form}\"");
        assert!(header(&answer, "content-disposition").contains(&name), "{answer:?}");
    }
}

#[tokio::test]
async fn without_names_all_recorded_signals_come_on_one_axis() {
    let site = Site::start().await;
    let run = site.converted().await.to_string();
    let (names, rows) = site.csv(&format!("/runs/{run}/data.csv")).await;
    assert_eq!(names, ["timestamp", "Engine.Speed", "Engine.Gear", "Wheel.Speed"]);
    assert_eq!(rows.len(), 10_001);
    assert_eq!(rows[10_000], (time(11_000), vec![None, None, Some(7.0)]));
    assert_eq!(rows[9_999], (time(10_999), vec![Some(4999.5), Some(0.0), None]));
    let id = "query($id: ID!) { run(id: $id) { signal(name: \"Gear\") { id } } }";
    let id = site.ask(id, json!({ "id": run })).await["run"]["signal"]["id"].take();
    let (names, _) = site.csv(&format!("/runs/{run}/data.csv?signals={}", id.as_str().unwrap())).await;
    assert_eq!(names, ["timestamp", "Engine.Gear"]);
}

#[tokio::test]
async fn times_are_those_of_a_window_an_interval_or_a_day() {
    let site = Site::start().await;
    let run = site.converted().await.to_string();
    let lap = json!({ "run": run, "start": time(3000), "end": time(4000) });
    let lap = site.mutate("createInterval", "interval { id }", lap).await["interval"]["id"].take();
    let day = json!({ "date": "1970-01-01", "timeZone": "UTC" });
    let day = site.mutate("createTestDay", "testDay { id }", day).await["testDay"]["id"].take();
    for (times, expected) in [
        (window(3000, 4000), 2000..3000),
        ("from=1970-01-01T02:00:03%2B02:00&to=1970-01-01T00:00:03.001Z".to_owned(), 2000..2001),
        (window(0, 1003), 0..3),
        (window(20_000, 30_000), 0..0),
        (format!("interval={}", lap.as_str().unwrap()), 2000..3000),
        (format!("testDay={}", day.as_str().unwrap()), 0..10_000),
    ] {
        let rows = site.rows(&run, &format!("signals=Engine.Speed,Gear&{times}")).await;
        assert_eq!(rows, expected.map(sample).collect::<Vec<_>>(), "{times}");
    }
}

#[tokio::test]
async fn buckets_are_reduced_by_each_method() {
    let site = Site::start().await;
    let run = site.converted().await.to_string();
    // From 2 s on the speed rises from 500 by 0.5 a millisecond.
    for (method, names, first, second) in [
        (
            "min_max",
            vec!["timestamp", "Engine.Speed.min", "Engine.Speed.max"],
            vec![500.0, 999.5],
            vec![1000.0, 1499.5],
        ),
        ("MEAN", vec!["timestamp", "Engine.Speed"], vec![749.75], vec![1249.75]),
        ("FIRST", vec!["timestamp", "Engine.Speed"], vec![500.0], vec![1000.0]),
        ("Last", vec!["timestamp", "Engine.Speed"], vec![999.5], vec![1499.5]),
    ] {
        let query = format!("signals=Engine.Speed&every=1s&method={method}&{}", window(2000, 4000));
        let (found, rows) = site.csv(&format!("/runs/{run}/data.csv?{query}")).await;
        let some = |values: Vec<f64>| values.into_iter().map(Some).collect::<Vec<_>>();
        assert_eq!(found, names, "{method}");
        assert_eq!(rows, [(time(2000), some(first)), (time(3000), some(second))], "{method}");
    }
    for samples in ["every=1s&method=RAW", "method=RAW", "method=MEAN", "grid=NATIVE"] {
        let rows = site.rows(&run, &format!("signals=Engine.Speed&{samples}&{}", window(2000, 4000))).await;
        assert_eq!(rows.len(), 2000, "{samples}");
    }
}

#[tokio::test]
async fn points_are_as_many_as_asked_for_at_most() {
    let site = Site::start().await;
    let run = site.converted().await.to_string();
    let path = format!("/runs/{run}/data.csv?signals=Engine.Speed,Gear&maxPoints=10");
    let (names, rows) = site.csv(&path).await;
    assert_eq!(names[1..], ["Engine.Speed.min", "Engine.Speed.max", "Gear.min", "Gear.max"]);
    assert!((2..=10).contains(&rows.len()), "{rows:?}");
    assert_eq!((rows[0].1[0], rows.last().unwrap().1[1]), (Some(0.0), Some(4999.5)));
    assert!(rows.iter().all(|(_, values)| values[2..] == [Some(0.0), Some(2.0)]), "{rows:?}");
    let few = site.csv(&format!("{path}&{}", window(1000, 1003))).await;
    assert_eq!(
        few,
        (
            vec!["timestamp".to_owned(), "Engine.Speed".to_owned(), "Gear".to_owned()],
            (0..3).map(sample).collect()
        )
    );
}

#[tokio::test]
async fn gaps_are_filled_on_request() {
    let site = Site::start().await;
    let log = "(1.000000) can0 101#0000\n(2.000000) can0 100#040000\n(3.000000) can0 101#0A00\n\
               (4.000000) can0 100#080000\n";
    let run = site.converted_from(numbered(1), log.to_owned()).await.to_string();
    let (gap, wheel, engine) = (None, [Some(0.0), Some(10.0)], [Some(2.0), Some(4.0)]);
    for (fill, expected) in [
        ("NONE", [[wheel[0], gap], [gap, engine[0]], [wheel[1], gap], [gap, engine[1]]]),
        ("previous", [[wheel[0], gap], [wheel[0], engine[0]], [wheel[1], engine[0]], [wheel[1], engine[1]]]),
        ("LINEAR", [[wheel[0], gap], [Some(5.0), engine[0]], [wheel[1], Some(3.0)], [gap, engine[1]]]),
    ] {
        let rows = site.rows(&run, &format!("signals=Wheel.Speed,Engine.Speed&fill={fill}")).await;
        let expected: Vec<_> = (1..).zip(expected).map(|(n, row)| (time(1000 * n), row.to_vec())).collect();
        assert_eq!(rows, expected, "{fill}");
    }
}

#[tokio::test]
async fn expressions_are_columns() {
    let site = Site::start().await;
    let run = site.converted().await.to_string();
    let half = site.derived("Half", "Engine.Speed / 2").await;
    let query = format!(
        "signals=derived:{}&signals=expr:max(Gear,Engine.Speed)%2B1&signals=Gear&{}",
        half.as_str().unwrap(),
        window(1000, 1100)
    );
    let names = site.get(&format!("/runs/{run}/data.csv?{query}")).await.text().await.unwrap();
    assert_eq!(names.lines().next(), Some("timestamp,Half,\"max(Gear,Engine.Speed)+1\",Gear"));
    let rows = site.get(&format!("/runs/{run}/data.ndjson?{query}")).await.text().await.unwrap();
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 100);
    for (n, row) in (0..).zip(rows) {
        let (speed, gear) = (f64::from(n) / 2.0, f64::from(n % 3));
        let expected = json!({
            "timestamp": time(1000 + n),
            "Half": speed / 2.0,
            "max(Gear,Engine.Speed)+1": speed.max(gear) + 1.0,
            "Gear": gear,
        });
        assert_eq!(row, expected);
    }
}

#[tokio::test]
async fn a_range_is_all_runs_one_after_the_other() {
    let site = Site::start().await;
    let car = site.mutate("createVehicle", "vehicle { id }", json!({ "name": "Car" })).await["vehicle"]["id"]
        .take();
    let car = car.as_str().unwrap();
    let of_car = NewRun { vehicle_id: Some(car.parse().unwrap()), ..numbered(2) };
    site.converted_from(numbered(1), drive(100)).await;
    site.converted_from(of_car, drive(200)).await;
    // The second half of the one, the first half of the other, and nothing between them.
    let row = |n: u32| {
        let start = if n < 5000 { 200_000 } else { 100_000 };
        (time(start + n), vec![Some(f64::from(n) / 2.0), Some(f64::from(n) / 4.0)])
    };
    let query = format!(
        "signals=Engine.Speed&signals=expr:Engine.Speed/2&fill=PREVIOUS&{}",
        window(105_000, 205_000)
    );
    let (_, rows) = site.csv(&format!("/range/data.csv?{query}")).await;
    // The wheel's frame of the first drive is no row: it is not asked for.
    assert_eq!(rows, (5000..10_000).chain(0..5000).map(row).collect::<Vec<_>>());
    let (_, rows) = site.csv(&format!("/range/data.csv?{query}&vehicle={car}")).await;
    assert_eq!(rows, (0..5000).map(row).collect::<Vec<_>>());
    let name = site.get(&format!("/range/data.csv?{query}")).await;
    let name = header(&name, "content-disposition").to_owned();
    assert!(name.contains("\"DATA_1970-01-01_00-01_00-03_Engine.Speed_Engine.Speed_2.csv\""), "{name}");
}

#[tokio::test]
async fn names_have_the_times_of_the_track_and_an_end() {
    let site = Site::start().await;
    let run = site.converted().await;
    let row =
        run::ActiveModel { id: Set(run), time_zone: Set("America/Chicago".to_owned()), ..Default::default() };
    site.runtime
        .database
        .transaction::<_, DbErr, _>(move |tx| {
            let row = row.clone();
            Box::pin(async move { row.update(tx).await.map(drop) })
        })
        .await
        .unwrap();
    let saved_as = async |query: &str| {
        let answer = site.ask_for(Method::HEAD, &format!("/runs/{run}/data.csv?{query}"), &[]).await;
        let name = header(&answer, "content-disposition");
        name.split('"').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(saved_as("signals=Gear").await, "DATA_1969-12-31_18-00_18-00_Gear.csv");
    let mut many = "signals=expr:Gear/2".to_owned();
    (0..99).for_each(|_| many.write_str("&signals=Engine.Speed").unwrap());
    let name = saved_as(&many).await;
    assert!(name.starts_with("DATA_1969-12-31_18-00_18-00_Gear_2_Engine.Speed_Eng"), "{name}");
    assert!(name.len() <= 150 && name.ends_with(".csv"), "{name}");
}
