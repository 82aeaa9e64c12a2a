//! `townclerk demo`: the whole system on a throw-away folder, with the demonstration history.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, interval};
use townclerk_app::access::{IssuedToken, Role};
use townclerk_domain::names::{Code, JOINT, SHARED};
use townclerk_event_log::import::import;
use townclerk_sample_history::{SEED, demonstration};
use townclerk_views::measure::Measure;

use super::up::addresses;
use super::{Outcome, show};
use crate::cli::Demo;
use crate::client::Client;
use crate::system::{Prepared, System, UpOptions};

/// The first partnership.
const COUNCILS: [&str; 3] = ["brent", "lewisham", "southwark"];

/// How long views may take to catch up with the demonstration history.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(300);

const LOOK_EVERY: Duration = Duration::from_millis(100);

pub async fn demo(options: Demo) -> anyhow::Result<Outcome> {
    townclerk_app::telemetry::start(false);
    let folder = tempfile::Builder::new()
        .prefix("townclerk-demo-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()?;
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let councils: BTreeSet<Code> = COUNCILS
        .map(Code::new)
        .into_iter()
        .collect::<Result<_, _>>()?;
    show::note(format!(
        "Starting on the throw-away folder {}",
        folder.path().display()
    ));
    let mut prepared = Prepared::start(UpOptions {
        data_dir: folder.path().to_owned(),
        councils: Some(councils),
        listen: if options.once { free } else { options.listen },
        nats_server: options.nats_server,
        nats_port: None,
        elsewhere: None,
    })
    .await?;
    load(&prepared).await?;
    let issued = std::mem::take(&mut prepared.issued);
    show::note("Making the views …");
    let system = prepared.serve().await?;
    caught_up(&system).await?;
    if options.once {
        let printed = print_figures(&system, &issued).await;
        system.stop().await?;
        printed?;
        return Ok(Outcome::Good);
    }
    addresses(&system);
    tokens_shown(&issued);
    worth_trying(&system, &issued)?;
    system.until_stopped().await?;
    Ok(Outcome::Good)
}

/// Makes the demonstration history and appends what of it is not in the logs yet.
async fn load(prepared: &Prepared) -> anyhow::Result<()> {
    show::note("Making the demonstration history …");
    let history = tokio::task::block_in_place(|| demonstration(SEED))?;
    for log in prepared.writers().await? {
        let messages = history.logs.get(log.name());
        let messages = messages.map(Vec::as_slice).unwrap_or_default();
        let bar = show::bar(&format!("loading {}", log.name()), messages.len() as u64);
        import(&*log, messages, |done| bar.set_position(done)).await??;
        show::finish(&bar);
    }
    Ok(())
}

async fn caught_up(system: &System) -> anyhow::Result<()> {
    let deadline = Instant::now() + CATCH_UP_LIMIT;
    let mut looks = interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        let unready = system.views().unready();
        if unready.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("the views did not catch up: {}", unready.join("; "));
        }
    }
}

/// The figures of one measure, each as it came.
#[derive(Deserialize)]
struct Answer {
    figures: Vec<Box<RawValue>>,
}

async fn print_figures(system: &System, issued: &[IssuedToken]) -> anyhow::Result<()> {
    let operator = token_of(issued, Role::Operator)?;
    let client = Client::new(&system.url(), Some(operator.to_owned()), None)?;
    let mut figures = Vec::new();
    for scope in COUNCILS.into_iter().chain([SHARED, JOINT]) {
        let path = format!("/v1/views/{scope}/figures");
        let before = figures.len();
        // A measure at a time: an answer with all of them may take longer than one is given.
        for measure in Measure::ALL {
            let asked = [
                ("everything", "true".to_owned()),
                ("measure", measure.name().to_owned()),
            ];
            let answer: Answer = client.get_as(&path, &asked).await?;
            figures.extend(answer.figures);
        }
        let count = figures.len() - before;
        show::note(format!("{scope}: {count} figures"));
    }
    show::array(&figures)
}

fn token_of(issued: &[IssuedToken], role: Role) -> anyhow::Result<&str> {
    issued
        .iter()
        .find(|token| token.role == role)
        .map(|token| token.token.as_str())
        .with_context(|| format!("no token was made for the role {}", role.code()))
}

/// Shows the tokens: the folder they open goes with this process.
fn tokens_shown(issued: &[IssuedToken]) {
    show::note("\nTokens, one for each role:");
    for token in issued {
        show::note(format!("  {:13} {}", token.role.code(), token.token));
    }
}

/// Commands that show what this is for.
fn worth_trying(system: &System, issued: &[IssuedToken]) -> anyhow::Result<()> {
    let program = std::env::current_exe()?;
    let (program, url) = (program.display(), system.url());
    let data = system.data_dir.display();
    let desk = token_of(issued, Role::ServiceDesk)?;
    let operator = token_of(issued, Role::Operator)?;
    show::note(format!(
        "
Five commands worth trying, in another terminal:

  export TOWNCLERK_URL={url} TOWNCLERK_DATA={data} TOWNCLERK_TOKEN={operator}
  alias townclerk={program}

  1. The quarter that a paper added up wrongly: 13 published, 12 recorded
     townclerk figures joint --measure tickets_logged --period '19/20 Q4' --where kind=incident --where priority=p1

  2. A part of a quarter, as it was published: 98
     townclerk figures lewisham --measure tickets_logged --period '20/21 Q2' --where service=csccm

  3. Log a late fact inside August 2020 …
     townclerk ticket log lewisham --kind incident --priority p3 --service csccm --category software-error --at 2020-08-14T10:00:00Z --token {desk}

  4. … and the figure restates: repeat 2 (99), then as it was known before (98)
     townclerk figures lewisham --measure tickets_logged --period '20/21 Q2' --where service=csccm --known-at 2020-09-30T00:00:00Z

  5. Replay the whole history and compare it with what is served
     townclerk verify

Ctrl-C stops everything and removes the folder."
    ));
    Ok(())
}
