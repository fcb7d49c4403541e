//! Which message decodes a frame, with several DBCs, buses and kinds of ids.

use std::sync::Arc;

use canlog::dbc::{self, BoundDbc, Catalog, Dbc};
use canlog::frame::IdKind::{Extended, Standard, Unflagged};
use canlog::frame::{FrameId, IdKind};

const EXTENDED: u32 = 1 << 31;

fn dbc_of(messages: &[(u32, &str)], rest: &str) -> Arc<Dbc> {
    let signal = " SG_ S : 0|8@1+ (1,0) [0|0] \"\" N\n";
    let blocks: String =
        messages.iter().map(|(id, name)| format!("BO_ {id} {name}: 8 N\n{signal}")).collect();
    Arc::new(dbc::parse(format!("BU_: N\n{blocks}{rest}").as_bytes()).unwrap())
}

fn bound(dbc: &Arc<Dbc>, bus: Option<&str>) -> BoundDbc {
    BoundDbc { dbc: Arc::clone(dbc), bus: bus.map(str::to_owned) }
}

fn name(catalog: &Catalog, bus: Option<&str>, id: u32, kind: IdKind) -> Option<String> {
    catalog.resolve(bus, id, kind).map(|resolved| resolved.plan.name.clone())
}

#[test]
fn the_first_that_knows_a_frame_decodes_it() {
    let (one, two) = (dbc_of(&[(1, "A"), (2, "B")], ""), dbc_of(&[(2, "C"), (3, "D")], ""));
    let catalog = Catalog::new(vec![bound(&one, None), bound(&two, None)]);
    let names = [1, 2, 3, 4].map(|id| name(&catalog, None, id, Standard));
    assert_eq!(names, [Some("A".to_owned()), Some("B".to_owned()), Some("D".to_owned()), None]);
    let conflicts = catalog.conflicts();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].text, "0x2 (standard): B and C");
}

#[test]
fn a_bound_dbc_speaks_for_its_bus_only() {
    let (one, two) = (dbc_of(&[(1, "A")], ""), dbc_of(&[(1, "B")], ""));
    let catalog = Catalog::new(vec![bound(&one, Some("can0")), bound(&two, Some("can1"))]);
    assert_eq!(name(&catalog, Some("can0"), 1, Standard).as_deref(), Some("A"));
    assert_eq!(name(&catalog, Some("can1"), 1, Standard).as_deref(), Some("B"));
    assert_eq!(name(&catalog, Some("can2"), 1, Standard), None);
    assert_eq!(name(&catalog, None, 1, Standard), None);
    assert_eq!(catalog.conflicts(), []);
}

#[test]
fn one_file_twice_is_no_conflict_but_one_id_twice_is() {
    let dbc = dbc_of(&[(1, "A"), (1, "B")], "");
    let catalog = Catalog::new(vec![bound(&dbc, Some("can0")), bound(&dbc, None)]);
    let texts: Vec<_> = catalog.conflicts().into_iter().map(|conflict| conflict.text).collect();
    assert_eq!(texts, ["0x1 (standard): A and B"]);
}

#[test]
fn kinds_of_ids_are_kept_apart_unless_the_log_does_not_say() {
    let dbc = dbc_of(
        &[(0x10, "Low"), (EXTENDED | 0x10, "LowX"), (EXTENDED | 0x20, "OnlyX"), (EXTENDED | 0x900, "HighX")],
        "",
    );
    let catalog = Catalog::new(vec![bound(&dbc, None)]);
    let found = |id, kind| {
        let resolved = catalog.resolve(None, id, kind)?;
        assert_eq!(resolved.frame.frame_id, id);
        Some((resolved.plan.name.clone(), resolved.frame.extended))
    };
    assert_eq!(found(0x10, Standard), Some(("Low".to_owned(), false)));
    assert_eq!(found(0x10, Extended), Some(("LowX".to_owned(), true)));
    assert_eq!(found(0x20, Standard), None);
    assert_eq!(found(0x10, Unflagged), Some(("Low".to_owned(), false)));
    assert_eq!(found(0x20, Unflagged), Some(("OnlyX".to_owned(), true)));
    assert_eq!(found(0x900, Unflagged), Some(("HighX".to_owned(), true)));
}

const J1939: &str = "BA_DEF_ BO_ \"VFrameFormat\" ENUM \"StandardCAN\",\"ExtendedCAN\",\"reserved\",\"J1939PG\";\nBA_DEF_DEF_ \"VFrameFormat\" \"J1939PG\";\n";

#[test]
fn j1939_messages_are_found_by_group() {
    let dbc = dbc_of(
        &[
            (EXTENDED | 0x0CF0_04FE, "Engine"),
            (EXTENDED | 0x0CEF_2117, "Addressed"),
            (EXTENDED | 0x18FF_0003, "Own"),
        ],
        J1939,
    );
    let catalog = Catalog::new(vec![bound(&dbc, None)]);
    let found =
        |id| catalog.resolve(None, id, Extended).map(|resolved| (resolved.plan.name.clone(), resolved.frame));
    let frame = |frame_id| FrameId { frame_id, extended: true };
    // another sender and priority; another receiver; the sender as the file has it
    assert_eq!(found(0x18F0_0400), Some(("Engine".to_owned(), frame(0x18F0_0400))));
    assert_eq!(found(0x18EF_99AA), Some(("Addressed".to_owned(), frame(0x18EF_99AA))));
    assert_eq!(found(0x18FF_0003), Some(("Own".to_owned(), frame(0x18FF_0003))));
    assert_eq!(found(0x18F0_0500), None);
    assert_eq!(catalog.resolve(None, 0x18F0_0400, Standard).map(|r| r.frame), None);
}

#[test]
fn a_shared_group_is_no_name() {
    let messages = [(EXTENDED | 0x0CF0_0401, "One"), (EXTENDED | 0x0CF0_0402, "Two")];
    let dbc = dbc_of(&messages, J1939);
    let catalog = Catalog::new(vec![bound(&dbc, None)]);
    assert_eq!(name(&catalog, None, 0x0CF0_0402, Extended).as_deref(), Some("Two"));
    assert_eq!(name(&catalog, None, 0x0CF0_0403, Extended), None);
    assert_eq!(dbc.diagnostics.len(), 2);
}

#[test]
fn groups_only_where_the_file_says_so() {
    let message = [(EXTENDED | 0x0CF0_0401, "One")];
    let other = 0x0CF0_0402;
    let by = |rest: &str| {
        let catalog = Catalog::new(vec![bound(&dbc_of(&message, rest), None)]);
        name(&catalog, None, other, Extended).is_some()
    };
    assert!(!by(""));
    assert!(by(J1939));
    assert!(by("BA_DEF_DEF_ \"ProtocolType\" \"J1939\";\n"));
    assert!(by("BA_ \"ProtocolType\" \"J1939\";\n"));
    assert!(by(&format!("BA_ \"VFrameFormat\" BO_ {} 3;\n", message[0].0)));
    assert!(!by(&format!("{J1939}BA_ \"VFrameFormat\" BO_ {} 1;\n", message[0].0)));
    assert!(!by(&format!("{J1939}BA_ \"ProtocolType\" \"AEM Net\";\n")));
}
