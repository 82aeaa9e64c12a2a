//! What happens after things break.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use townclerk_app::access::Role;
use townclerk_tests::town::{Town, eventually, folder, incident};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_nats_server_is_restarted_and_nothing_acknowledged_is_lost() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        for number in 0..10 {
            let key = format!("k{round}-{number}");
            let answer = eventually("the command is answered", || async {
                let path = "/v1/logs/brent/tickets";
                let (status, answer) = desk.command(path, &key, &incident("p3", "email")).await;
                (status < 300).then_some(answer)
            })
            .await;
            acknowledged.push(answer);
            if number == 5 {
                let pid = town.system.nats().unwrap().pid().unwrap();
                let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
                kill_process(pid, Signal::KILL).unwrap();
            }
        }
    }
    let last = acknowledged.last().unwrap()["sequence"].as_u64().unwrap();
    assert_eq!(last, 30, "one event for each command");
    let operator = town.as_role(Role::Operator);
    let status = eventually("the view has caught up", || async {
        let (_, status) = operator.get("/v1/views/brent").await;
        (status["logs"]["brent"]["position"] == last).then_some(status)
    })
    .await;
    assert_eq!(status["logs"]["brent"]["foreign"], 0);
    for view in ["brent", "joint"] {
        let report = operator.replay(view, "verify").await;
        assert_eq!(report["ok"], true, "{report}");
    }
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_rows_are_put_aside_and_rebuilt() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    for number in 0..20 {
        let key = format!("k{number}");
        let (status, _) = desk
            .command("/v1/logs/brent/tickets", &key, &incident("p3", "email"))
            .await;
        assert_eq!(status, 201);
    }
    let operator = town.as_role(Role::Operator);
    let digest = eventually("the view has caught up", || async {
        let (_, status) = operator.get("/v1/views/brent").await;
        let caught_up = status["logs"]["brent"]["position"] == 20;
        caught_up.then(|| status["digest"].clone())
    })
    .await;
    let tokens = town.stop().await;
    let view = dir.path().join("views/brent");
    let current = std::fs::read_to_string(view.join("current")).unwrap();
    let file = view
        .join(format!("generation-{}", current.trim()))
        .join("db");
    let length = std::fs::metadata(&file).unwrap().len();
    std::fs::write(&file, vec![0xa5; usize::try_from(length).unwrap()]).unwrap();
    let town = Town::again(dir.path(), tokens).await;
    let operator = town.as_role(Role::Operator);
    let rebuilt = eventually("the view is rebuilt", || async {
        let (_, status) = operator.get("/v1/views/brent").await;
        let caught_up = status["logs"]["brent"]["position"] == 20;
        caught_up.then(|| status["digest"].clone())
    })
    .await;
    assert_eq!(rebuilt, digest);
    let kept = std::fs::read_dir(&view).unwrap().flatten();
    let kept = kept.filter(|entry| entry.file_name().to_string_lossy().starts_with("put-aside"));
    assert_eq!(kept.count(), 1);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_serves_the_same_rows_beside_new_commands() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let (desk, operator) = (
        town.as_role(Role::ServiceDesk),
        town.as_role(Role::Operator),
    );
    let writing = tokio::spawn(async move {
        for number in 0..60 {
            let key = format!("k{number}");
            let logged = incident("p3", "email");
            let (status, _) = desk.command("/v1/logs/brent/tickets", &key, &logged).await;
            assert_eq!(status, 201);
        }
    });
    for generation in 2..5 {
        let report = operator.replay("joint", "rebuild").await;
        assert_eq!(report["identical"], true, "{report}");
        assert_eq!(report["generation"], json!(generation));
    }
    writing.await.unwrap();
    let report = operator.replay("joint", "verify").await;
    assert_eq!(report["ok"], true, "{report}");
    let kept = std::fs::read_dir(dir.path().join("views/joint"))
        .unwrap()
        .flatten();
    let kept = kept.filter(|entry| {
        entry
            .file_name()
            .to_string_lossy()
            .starts_with("generation")
    });
    assert_eq!(kept.count(), 2, "the served one and the one before");
    town.stop().await;
}
