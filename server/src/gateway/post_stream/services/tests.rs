use proptest::prelude::*;
use serde_json::json;

use super::*;

fn service(id: &str, labels: Value) -> Value {
    json!({"service_id": id, "name": id, "type": "agent", "labels": labels, "status": "healthy"})
}

fn tiers(seats: &[(&str, u8)]) -> Vec<Value> {
    let service = |&(id, tier): &(&str, u8)| service(id, json!({"tier": tier}));
    seats.iter().map(service).collect()
}

fn listed(items: Vec<Value>) -> Vec<GatewayAgent> {
    agents(ServiceList { items })
}

/// Each agent with its tier and its parent, without PAS Root and the bare model.
fn hierarchy(items: Vec<Value>) -> Vec<(String, u8, String)> {
    let listed = listed(items);
    let (first, last) = (&listed[0], &listed[listed.len() - 1]);
    assert_eq!((first.tier, &first.parent_id), (TIER_PAS_ROOT, &None));
    assert_eq!((last.agent_id.as_str(), last.role.as_str()), (DIRECT, "Model"));
    assert_eq!(last.parent_id.as_ref(), Some(&first.agent_id));
    let between = &listed[1..listed.len() - 1];
    let row = |agent: &GatewayAgent| (agent.agent_id.clone(), agent.tier, agent.parent_id.clone().unwrap());
    between.iter().map(row).collect()
}

fn rows(rows: &[(&str, u8, &str)]) -> Vec<(String, u8, String)> {
    let owned = |&(id, tier, parent): &(&str, u8, &str)| (id.to_owned(), tier, parent.to_owned());
    rows.iter().map(owned).collect()
}

#[test]
fn a_service_becomes_an_agent_without_its_port() {
    let items = vec![json!({
        "service_id": "dir-code", "name": "Dir-Code", "type": "agent", "status": "healthy", "url": "http://10.0.0.5:6110",
        "labels": {"tier": 3, "icon": "C", "port": 6110},
    })];
    let listed = listed(items);
    let expected = json!({
        "agent_id": "dir-code", "agent_name": "Dir-Code", "tier": 3, "role": "Director", "parent_id": "pas-root",
        "status": "active", "icon": "C",
    });
    assert_eq!(serde_json::to_value(&listed[1]).unwrap(), expected);
    let all = serde_json::to_string(&listed).unwrap();
    assert!(!all.contains("6110") && !all.contains("10.0.0.5"), "{all}");
}

#[test]
fn whoever_is_above_is_the_only_one_the_one_of_its_kind_or_the_architect() {
    let items = tiers(&[
        ("Architect", 2),
        ("Dir-Code", 3),
        ("Dir-Docs", 3),
        ("Mgr-Code-01", 4),
        ("Mgr-Docs-01", 4),
        ("Mgr-Sales-01", 4),
        ("Programmer-Code-01", 5),
        ("Programmer-Qwen-01", 5),
    ]);
    let expected = [
        ("Architect", 2, "pas-root"),
        ("Dir-Code", 3, "Architect"),
        ("Dir-Docs", 3, "Architect"),
        ("Mgr-Code-01", 4, "Dir-Code"),
        ("Mgr-Docs-01", 4, "Dir-Docs"),
        ("Mgr-Sales-01", 4, "Architect"),
        ("Programmer-Code-01", 5, "Mgr-Code-01"),
        // Numbers are no kind.
        ("Programmer-Qwen-01", 5, "Architect"),
    ];
    assert_eq!(hierarchy(items), rows(&expected));
    // A tier that nobody is of is passed over.
    let expected = [("Architect", 2, "pas-root"), ("Prog-Rust", 5, "Architect")];
    assert_eq!(hierarchy(tiers(&[("Architect", 2), ("Prog-Rust", 5)])), rows(&expected));
    let expected = [("Mgr-A", 4, "pas-root"), ("Mgr-B", 4, "pas-root")];
    assert_eq!(hierarchy(tiers(&[("Mgr-A", 4), ("Mgr-B", 4)])), rows(&expected));
}

#[test]
fn a_parent_that_is_named_counts_unless_there_is_none_such() {
    let items = vec![
        service("architect", json!({"tier": 2})),
        service("Dir-Code", json!({"tier": 3})),
        service("Dir-Docs", json!({"tier": 3})),
        service("mgr-code", json!({"tier": 4, "parent_id": "Dir-Docs"})),
        service("mgr-docs", json!({"tier": 4, "parent": "dir-code"})),
        service("mgr-gone", json!({"tier": 4, "parent": "nobody"})),
        service("mgr-self", json!({"tier": 4, "parent": "mgr-self"})),
    ];
    let above: Vec<_> = hierarchy(items).into_iter().map(|(_, _, parent)| parent).collect();
    assert_eq!(
        above,
        [
            "pas-root",
            "architect",
            "architect",
            "Dir-Docs",
            "Dir-Code",
            "architect",
            "architect"
        ]
    );
}

#[test]
fn a_circle_is_cut_where_it_is_highest() {
    let items = vec![
        service("a", json!({"tier": 5, "parent": "b"})),
        service("b", json!({"tier": 3, "parent": "c"})),
        service("c", json!({"tier": 4, "parent": "a"})),
    ];
    assert_eq!(
        hierarchy(items),
        rows(&[("a", 5, "b"), ("b", 3, "pas-root"), ("c", 4, "a")])
    );
}

#[test]
fn a_tier_is_understood_as_registries_write_it() {
    for (labels, id, expected) in [
        (json!({"tier": 3}), "x", (3, "Director")),
        (json!({"tier": "4"}), "x", (4, "Manager")),
        (json!({"tier": "tier-5"}), "x", (5, "Programmer")),
        (json!({"tier": "T2"}), "x", (2, "Architect")),
        (json!({"tier": "Manager"}), "x", (4, "Manager")),
        (json!({"tier": "directors"}), "x", (3, "Director")),
        (json!({"role": "programmer"}), "x", (5, "Programmer")),
        // The label counts, not the name.
        (json!({"tier": 4}), "Dir-Code", (4, "Manager")),
        (json!({"tier": null}), "Dir-Code", (3, "Director")),
        (json!({"tier": 42}), "mgr-02", (4, "Manager")),
        (Value::Null, "Prog-Rust", (5, "Programmer")),
        (json!("nonsense"), "x", (5, "Agent")),
        (json!({"tier": 0}), "x", (5, "Agent")),
        (json!({"tier": "?"}), "root-cause-2", (5, "Agent")),
    ] {
        let listed = listed(vec![service(id, labels.clone())]);
        assert_eq!((listed[1].tier, listed[1].role.as_str()), expected, "{id} {labels}");
    }
}

#[test]
fn an_agent_of_no_tier_stands_below_the_architect_and_nobody_below_it() {
    let items = vec![
        service("helper", json!({})),
        service("dir-code", json!({"tier": 3})),
        service("architect", json!({"tier": 2})),
        service("prog-helper", json!({"tier": 5})),
    ];
    let expected = [
        ("helper", 5, "architect"),
        ("dir-code", 3, "architect"),
        ("architect", 2, "pas-root"),
        ("prog-helper", 5, "dir-code"),
    ];
    assert_eq!(hierarchy(items), rows(&expected));
}

#[test]
fn there_is_one_root_whatever_is_listed() {
    let listed_root = vec![
        service("architect", json!({"tier": 2})),
        service("me", json!({"tier": "root", "parent": "architect"})),
    ];
    assert_eq!(hierarchy(listed_root), rows(&[("architect", 2, "me")]));
    // Whom the person could not speak to is not lost: only one is the person's own seat.
    let two = vec![
        service("gateway-agent", json!({"tier": 1})),
        service("pas_root", json!({})),
        service("architect", json!({"tier": 2})),
    ];
    let expected = [("gateway-agent", 5, "architect"), ("architect", 2, "pas_root")];
    assert_eq!(hierarchy(two), rows(&expected));
}

#[test]
fn what_is_no_agent_or_cannot_be_read_or_comes_twice_is_passed_over() {
    let mut first = service("dir-code", json!({"tier": 3}));
    first["type"] = "Agent".into();
    let items = vec![
        first,
        service("dir-code", json!({"tier": 4})),
        service("direct", json!({"tier": 2})),
        service(" ", json!({"tier": 2})),
        json!({"service_id": "db", "name": "Database", "type": "database", "labels": {"tier": 3}}),
        json!({"service_id": 7, "type": "agent"}),
        json!("nonsense"),
    ];
    assert_eq!(hierarchy(items), rows(&[("dir-code", 3, "pas-root")]));
}

#[test]
fn words_for_working_mean_active_and_others_are_shown_as_they_are() {
    for (said, shown) in [
        (json!("healthy"), "active"),
        (json!("Running"), "active"),
        (json!(" up "), "active"),
        (json!("OK"), "active"),
        (json!(null), "active"),
        (json!("degraded"), "degraded"),
        (json!("stopped"), "stopped"),
    ] {
        let mut item = service("dir-code", json!({"tier": 3}));
        item["status"] = said.clone();
        assert_eq!(listed(vec![item])[1].status, shown, "{said}");
    }
}

#[test]
fn an_icon_is_a_letter_or_an_emoji_and_never_an_address() {
    for (icon, is_shown) in [
        ("C", true),
        ("DC", true),
        ("🏗️", true),
        ("👩\u{200d}💻", true),
        ("mdi-robot", false),
        ("http://10.0.0.5/i.png", false),
        ("", false),
    ] {
        let shown = listed(vec![service("dir-code", json!({"tier": 3, "icon": icon}))])
            .swap_remove(1)
            .icon;
        assert_eq!(shown.as_deref(), is_shown.then_some(icon), "{icon}");
    }
}

proptest! {
    #[test]
    fn every_way_up_ends_at_the_one_root(
        items in prop::collection::vec((0u8..8, 0u8..7, prop::option::of(0u8..8)), 0..12),
    ) {
        let service = |(id, tier, parent): (u8, u8, Option<u8>)| {
            service(&format!("a{id}"), json!({"tier": tier, "parent": parent.map(|parent| format!("a{parent}"))}))
        };
        let listed = listed(items.into_iter().map(service).collect());
        let parent = |id: &str| listed.iter().find(|agent| agent.agent_id == id).unwrap().parent_id.clone();
        prop_assert_eq!(listed.iter().filter(|agent| agent.parent_id.is_none()).count(), 1);
        prop_assert_eq!(listed.iter().filter(|agent| agent.tier == TIER_PAS_ROOT).count(), 1);
        for agent in &listed {
            let mut above = agent.parent_id.clone();
            for _ in 0..listed.len() {
                above = above.and_then(|id| parent(&id));
            }
            prop_assert_eq!(above, None);
        }
    }
}
