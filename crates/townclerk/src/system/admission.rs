//! Letting councils and partners in, and partners out: the files, the credentials, and the wait
//! until it really is so. All of it may be repeated; what is there already stays.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tokio::time::{Instant, MissedTickBehavior, interval};
use townclerk_app::access::{Caller, Councils, IssuedToken, Role as CallerRole, TokenBook};
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::{Code, LogName};
use townclerk_event_log::jetstream::{Credential, PartnerDoor, Role, try_as_partner};

use super::files::{Editing, operator_token_file, token_book_file};
use super::logs::initialise;
use super::reach::{Opened, Reach, tenants};
use super::server::{FRAGMENT_FILE, write_fragment};
use crate::nats_server::{Credentials, partner_seed_file};
use crate::town::{Partner, Town};

/// How long a running system may take to follow its files, a long history included.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(60);

/// How long the nats-server of somebody else is tried: it is reloaded or it is not.
const ELSEWHERE_WITHIN: Duration = Duration::from_secs(2);

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What a partner is given.
pub(crate) struct Admitted {
    pub partner: Partner,
    /// Its new token, to be shown this once; none where it has one already.
    pub token: Option<String>,
    /// The tokens of a first start, where this was the first.
    pub issued: Vec<IssuedToken>,
    pub seed_file: PathBuf,
}

impl Reach {
    /// Where the seeds of the logs and partners are.
    fn credentials_dir(&self) -> PathBuf {
        let named = self.credentials.clone();
        named.unwrap_or_else(|| self.data.join("credentials"))
    }

    fn patience(&self) -> Duration {
        match self.elsewhere() {
            Some(_) => ELSEWHERE_WITHIN,
            None => TAKEN_UP_WITHIN,
        }
    }

    /// What to do where a change does not come into force.
    fn advice(&self) -> String {
        match self.elsewhere() {
            Some(_) => format!(
                "the accounts are written to {}: include that file between the braces of \
                 `accounts` in the configuration of your nats-server (named from the folder of \
                 that configuration), reload it twice (`nats-server --signal reload`; what a new \
                 account imports is open from the second time on), and repeat this command",
                self.data.join(FRAGMENT_FILE).display()
            ),
            None => "the files are changed; look at what the running townclerk logged about them, \
                     and repeat this command"
                .to_owned(),
        }
    }
}

/// Who takes part, as it is written down.
///
/// # Errors
/// A folder that is no data directory.
pub(crate) fn town(reach: &Reach) -> anyhow::Result<Town> {
    Town::load(&reach.data)?.with_context(|| {
        format!(
            "{} says nothing of councils yet: add one with `townclerk council add`, or name \
             another folder with --data",
            reach.data.display()
        )
    })
}

/// Writes a council down and makes its credentials.
///
/// # Errors
/// A [`crate::town::TownRefusal`], or files that cannot be used.
pub(crate) async fn add_council(reach: &Reach, council: &Code) -> anyhow::Result<()> {
    let _editing = Editing::begin(&reach.data).await?;
    let mut town = match Town::load(&reach.data)? {
        Some(town) => town,
        None if reach.data.join("credentials").exists() => bail!(
            "{} comes from an earlier version: start `townclerk up --councils …` on it once, with \
             the councils that it has",
            reach.data.display()
        ),
        None => Town::default(),
    };
    town.councils.insert(council.clone());
    write(reach, &town)
}

/// Writes a partner down, makes its credential, and gives it a token where it has none or `renew`
/// asks for another.
///
/// # Errors
/// A [`crate::town::TownRefusal`], or files that cannot be used.
pub(crate) async fn add_partner(
    reach: &Reach,
    partner: &Partner,
    renew: bool,
) -> anyhow::Result<Admitted> {
    let _editing = Editing::begin(&reach.data).await?;
    let mut town = town(reach)?;
    town.partners.insert(partner.clone());
    town.check()?;
    let book_file = token_book_file(&reach.data);
    let operator = operator_token_file(&reach.data);
    let (book, issued) = TokenBook::load_or_create(&book_file, &operator)?;
    let caller = caller(partner)?;
    let token = match book.knows(&caller.subject) && !renew {
        true => None,
        false => Some(TokenBook::issue(&book_file, &caller)?),
    };
    write(reach, &town)?;
    Ok(Admitted {
        partner: partner.clone(),
        token,
        issued,
        seed_file: partner_seed_file(&reach.credentials_dir(), partner),
    })
}

/// Takes a partner and its tokens out of the files; says whether it was there.
///
/// # Errors
/// Files that cannot be used.
pub(crate) async fn remove_partner(reach: &Reach, partner: &Partner) -> anyhow::Result<bool> {
    let _editing = Editing::begin(&reach.data).await?;
    let mut town = town(reach)?;
    let book = token_book_file(&reach.data);
    let had_token = book.exists() && TokenBook::revoke(&book, &caller(partner)?.subject)?;
    let was_there = town.partners.remove(partner);
    write(reach, &town)?;
    Ok(was_there || had_token)
}

/// Credentials first: whoever follows `town.json` finds them made.
fn write(reach: &Reach, town: &Town) -> anyhow::Result<()> {
    town.check()?;
    let (logs, partners) = tenants(town);
    if reach.elsewhere().is_some() {
        write_fragment(&reach.data, &reach.credentials_dir(), &logs, &partners)?;
    } else {
        Credentials::load_or_create(&reach.credentials_dir(), &logs, &partners)?;
    }
    if Town::load(&reach.data)?.as_ref() != Some(town) {
        town.save(&reach.data)?;
    }
    Ok(())
}

fn caller(partner: &Partner) -> anyhow::Result<Caller> {
    Ok(Caller {
        subject: CallerId::new(partner.id())?,
        roles: [CallerRole::Partner].into(),
        councils: Councils::Only([partner.council.clone()].into()),
        system: Some(partner.system.clone()),
    })
}

/// Waits until the log of a council can be used.
///
/// # Errors
/// What to do where it does not come about.
pub(crate) async fn council_ready(
    reach: &Reach,
    opened: &Opened,
    log: &LogName,
) -> anyhow::Result<()> {
    let one = std::slice::from_ref(log);
    let attempt = async || {
        if reach.elsewhere().is_some() {
            initialise(&opened.logs, one).await?;
            initialise(&opened.logs, &[LogName::shared()]).await?;
        }
        opened.logs.open(one, Role::Reader).await.map(drop)
    };
    in_force(reach, attempt).await
}

/// Makes the partner's durables, and waits until its own credential reaches them.
///
/// # Errors
/// What to do where it does not come about.
pub(crate) async fn partner_ready(
    reach: &Reach,
    opened: &Opened,
    partner: &Partner,
) -> anyhow::Result<()> {
    let credential = credential(reach, partner)?;
    let attempt = async || {
        for log in partner.logs()? {
            let access = opened.logs.access(&log, Role::Gateway)?;
            let door = PartnerDoor::open(&access).await?;
            door.ensure_durable(&partner.id()).await?;
            try_as_partner(&opened.logs.url, &credential, &log, &partner.id()).await?;
        }
        Ok(())
    };
    in_force(reach, attempt).await
}

/// Waits until the partner's credential is refused, then removes its durables and the credential.
///
/// # Errors
/// What to do where it does not come about.
pub(crate) async fn partner_gone(
    reach: &Reach,
    opened: &Opened,
    partner: &Partner,
) -> anyhow::Result<()> {
    let own = LogName::new(partner.council.as_str())?;
    let file = partner_seed_file(&reach.credentials_dir(), partner);
    if file.exists() {
        let credential = credential(reach, partner)?;
        let attempt = async || {
            let url = &opened.logs.url;
            match try_as_partner(url, &credential, &own, &partner.id()).await {
                Ok(()) => Err(anyhow!("{} still gets in", partner.id())),
                Err(_) => Ok(()),
            }
        };
        in_force(reach, attempt).await?;
    }
    for log in partner.logs()? {
        // Without its council there is no log to clean up in.
        if opened.names.contains(&log) {
            let access = opened.logs.access(&log, Role::Gateway)?;
            let door = PartnerDoor::open(&access).await?;
            door.remove_durable(&partner.id()).await?;
        }
    }
    remove_if_there(std::fs::remove_file(&file), &file)?;
    match file.parent() {
        Some(folder) => remove_if_there(std::fs::remove_dir(folder), folder),
        None => Ok(()),
    }
}

fn remove_if_there(removed: std::io::Result<()>, path: &std::path::Path) -> anyhow::Result<()> {
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("cannot remove {}", path.display())),
    }
}

fn credential(reach: &Reach, partner: &Partner) -> anyhow::Result<Credential> {
    let file = partner_seed_file(&reach.credentials_dir(), partner);
    let seed = crate::private_file::read(&file)
        .with_context(|| format!("cannot read the credential {}", file.display()))?;
    Ok(Credential {
        seed: seed.trim().to_owned(),
    })
}

/// Tries until it works: whoever follows the files needs a moment.
async fn in_force(
    reach: &Reach,
    attempt: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + reach.patience();
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        match attempt().await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() >= deadline => {
                return Err(error.context(reach.advice()));
            }
            Err(_) => {}
        }
    }
}
