//! Letting councils and partners in, and partners out: the files, the credentials, and the wait
//! until it really is so. All of it may be repeated; what is there already stays.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tokio::time::{Instant, MissedTickBehavior, interval};
use townclerk_app::access::{Caller, Councils, Role as CallerRole, TokenBook};
use townclerk_app::private_file;
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::{Code, LogName};
use townclerk_event_log::jetstream::{Credential, PartnerDoor, Role, TryError, try_as_partner};
use townclerk_partner_gateway::facts::Quota;

use super::files::{begin_editing, first_tokens_file, operator_token_file, token_book_file};
use super::logs::initialise;
use super::reach::{Opened, Reach, tenants};
use super::server::{FRAGMENT_FILE, write_fragment};
use crate::nats_server::{Binary, Credentials, partner_seed_file};
use crate::town::{Partner, Town, TownRefusal};

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
    /// Whether this made the book of tokens, with one for each role.
    pub made_tokens: bool,
    pub seed_file: PathBuf,
    pub quota: Quota,
}

/// What of a partner's quota is to be changed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QuotaChange {
    pub per_minute: Option<NonZeroU32>,
    pub per_day: Option<NonZeroU32>,
}

impl QuotaChange {
    fn of(self, quota: Quota) -> Quota {
        Quota {
            per_minute: self.per_minute.unwrap_or(quota.per_minute),
            per_day: self.per_day.unwrap_or(quota.per_day),
        }
    }
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

/// Writes a council down and makes its credentials; says whether it was there already. With `new` it
/// may be the first of a Townclerk: else a mistyped folder would become a second one. Whether one that
/// was not there may be added, `may_join` says before anything is made.
///
/// # Errors
/// A [`crate::town::TownRefusal`], what `may_join` says, a folder without a Townclerk, or files that
/// cannot be used.
pub(crate) async fn add_council(
    reach: &Reach,
    council: &Code,
    new: bool,
    may_join: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let data = reach.data.display();
    let before = match new {
        true => Town::load(&reach.data)?.unwrap_or_default(),
        false => reach.town()?,
    };
    let was_there = before.councils.contains(council);
    if !was_there {
        let mut after = before;
        after.councils.insert(council.clone());
        after.check()?;
        may_join()?;
    }
    if new {
        if reach.elsewhere().is_none() {
            Binary::find(reach.nats_server.as_deref()).await?;
        }
        private_file::create_own_folder(&reach.data)
            .with_context(|| format!("cannot make the data folder {data}"))?;
    }
    let _editing = begin_editing(&reach.data).await?;
    let mut town = match Town::load(&reach.data)? {
        Some(town) => town,
        None if reach.data.join("credentials").exists() => bail!(
            "{data} comes from an earlier version: start `townclerk up --councils …` on it once, \
             with the councils that it has"
        ),
        None => Town::default(),
    };
    town.councils.insert(council.clone());
    write(reach, &town)?;
    Ok(was_there)
}

/// Writes a partner down with its quota, makes its credential, and gives it a token where it has none or
/// `renew` asks for another.
///
/// # Errors
/// A [`crate::town::TownRefusal`], or files that cannot be used.
pub(crate) async fn add_partner(
    reach: &Reach,
    partner: &Partner,
    renew: bool,
    change: QuotaChange,
) -> anyhow::Result<Admitted> {
    reach.town()?;
    let _editing = begin_editing(&reach.data).await?;
    let mut town = reach.town()?;
    town.partners.insert(partner.clone());
    let (before, quota) = (town.quota(partner), change.of(town.quota(partner)));
    if quota != before {
        town.quotas.insert(partner.id(), quota);
    }
    town.check()?;
    let book_file = token_book_file(&reach.data);
    let operator = operator_token_file(&reach.data);
    let first = first_tokens_file(&reach.data);
    let (book, issued) = TokenBook::load_or_create(&book_file, &operator, &first)?;
    let caller = caller(partner)?;
    only_its_own(&book, partner, &caller)?;
    let token = match book.knows(&caller.subject) && !renew {
        true => None,
        false => Some(TokenBook::issue(&book_file, &caller)?),
    };
    write(reach, &town)?;
    Ok(Admitted {
        partner: partner.clone(),
        token,
        made_tokens: !issued.is_empty(),
        seed_file: partner_seed_file(&reach.credentials_dir(), partner),
        quota,
    })
}

/// Takes a partner and its tokens out of the files; says whether it was in them. Where it does
/// not, but its credential is left, an earlier removal is to be finished.
///
/// # Errors
/// A [`TownRefusal`], or files that cannot be used.
pub(crate) async fn remove_partner(reach: &Reach, partner: &Partner) -> anyhow::Result<bool> {
    reach.town()?;
    let _editing = begin_editing(&reach.data).await?;
    let mut town = reach.town()?;
    if !town.partners.remove(partner) {
        if partner_seed_file(&reach.credentials_dir(), partner).exists() {
            return Ok(false);
        }
        let partner = partner.clone();
        return Err(TownRefusal::NoSuchPartner { partner }.into());
    }
    town.quotas.remove(&partner.id());
    let book = token_book_file(&reach.data);
    if book.exists() {
        let caller = caller(partner)?;
        only_its_own(&TokenBook::load(&book)?, partner, &caller)?;
        TokenBook::revoke(&book, &caller.subject)?;
    }
    write(reach, &town)?;
    Ok(true)
}

/// An entry that somebody wrote by hand under the partner's name is not the partner's.
fn only_its_own(book: &TokenBook, partner: &Partner, caller: &Caller) -> Result<(), TownRefusal> {
    match book
        .callers_of(&caller.subject)
        .all(|found| found == caller)
    {
        true => Ok(()),
        false => Err(TownRefusal::OthersToken {
            partner: partner.clone(),
        }),
    }
}

/// Credentials first: a process that follows `town.json` finds them made.
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
            put_out(try_as_partner(url, &credential, &own, &partner.id()).await)
        };
        let uncertain = || {
            format!(
                "it is not certain that {} has no access any more",
                partner.id()
            )
        };
        in_force(reach, attempt).await.with_context(uncertain)?;
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

/// Only that its credential is refused says that a partner is put out: a server that does not
/// answer may let it in as soon as it does.
fn put_out(tried: Result<(), TryError>) -> anyhow::Result<()> {
    match tried {
        Ok(()) => Err(anyhow!("it still gets in")),
        Err(TryError::Refused { .. }) => Ok(()),
        Err(TryError::Log(error)) => Err(error.into()),
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
    let seed = townclerk_app::private_file::read_text(&file)
        .with_context(|| format!("cannot read the credential {}", file.display()))?;
    Ok(Credential {
        seed: seed.trim().to_owned(),
    })
}

/// Tries until it works: a process that follows the files needs a moment.
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

#[cfg(test)]
mod tests {
    use super::*;
    use townclerk_event_log::LogError;

    fn hornbill() -> Partner {
        Partner {
            council: Code::new("brent").unwrap(),
            system: Code::new("hornbill").unwrap(),
        }
    }

    struct Files {
        reach: Reach,
        _folder: tempfile::TempDir,
    }

    /// A folder in which hornbill of Brent was let in.
    async fn with_hornbill() -> (Files, Admitted) {
        let folder = tempfile::tempdir().unwrap();
        let reach = Reach::data(&folder.path().join("data"));
        add_council(&reach, &hornbill().council, true, || Ok(()))
            .await
            .unwrap();
        let admitted = add_partner(&reach, &hornbill(), false, QuotaChange::default())
            .await
            .unwrap();
        let _folder = folder;
        (Files { reach, _folder }, admitted)
    }

    impl Files {
        fn both(&self) -> [Vec<u8>; 2] {
            let read = |path: PathBuf| std::fs::read(path).unwrap();
            let data = &self.reach.data;
            [read(Town::file(data)), read(token_book_file(data))]
        }
    }

    fn refusal(error: &anyhow::Error) -> &TownRefusal {
        error.downcast_ref().unwrap()
    }

    #[tokio::test]
    async fn an_entry_by_hand_under_the_name_of_a_partner_is_neither_replaced_nor_revoked() {
        let (files, _) = with_hornbill().await;
        let desk = Caller {
            roles: [CallerRole::ServiceDesk].into(),
            system: None,
            ..caller(&hornbill()).unwrap()
        };
        TokenBook::issue(&token_book_file(&files.reach.data), &desk).unwrap();
        let before = files.both();
        let expected = TownRefusal::OthersToken {
            partner: hornbill(),
        };
        let no_change = QuotaChange::default();
        let Err(refused) = add_partner(&files.reach, &hornbill(), true, no_change).await else {
            panic!("it was replaced");
        };
        assert_eq!(refusal(&refused), &expected);
        let refused = remove_partner(&files.reach, &hornbill()).await.unwrap_err();
        assert_eq!(refusal(&refused), &expected);
        assert_eq!(files.both(), before);
    }

    #[tokio::test]
    async fn a_quota_is_changed_in_part_kept_by_a_repeat_and_gone_with_its_partner() {
        let (files, admitted) = with_hornbill().await;
        assert_eq!(admitted.quota, Quota::DEFAULT);
        let change = |per_minute, per_day| {
            let change = QuotaChange {
                per_minute: NonZeroU32::new(per_minute),
                per_day: NonZeroU32::new(per_day),
            };
            let reach = &files.reach;
            async move {
                let admitted = add_partner(reach, &hornbill(), false, change)
                    .await
                    .unwrap();
                let quota = reach.town().unwrap().quota(&hornbill());
                assert_eq!(quota, admitted.quota);
                (quota.per_minute.get(), quota.per_day.get())
            }
        };
        let per_day = Quota::DEFAULT.per_day.get();
        assert_eq!(change(600, 0).await, (600, per_day));
        assert_eq!(change(0, 20_000).await, (600, 20_000));
        assert_eq!(change(0, 0).await, (600, 20_000));
        remove_partner(&files.reach, &hornbill()).await.unwrap();
        assert!(files.reach.town().unwrap().quotas.is_empty());
    }

    #[tokio::test]
    async fn who_is_no_partner_is_not_removed_and_nothing_is_touched() {
        let (files, _) = with_hornbill().await;
        let other = Partner {
            system: Code::new("halo").unwrap(),
            ..hornbill()
        };
        let halo = caller(&other).unwrap();
        TokenBook::issue(&token_book_file(&files.reach.data), &halo).unwrap();
        let before = files.both();
        let refused = remove_partner(&files.reach, &other).await.unwrap_err();
        let expected = TownRefusal::NoSuchPartner { partner: other };
        assert_eq!(refusal(&refused), &expected);
        assert_eq!(files.both(), before);
    }

    #[tokio::test]
    async fn a_removal_is_finished_as_long_as_the_credential_is_left() {
        let (files, admitted) = with_hornbill().await;
        let token = admitted.token.unwrap();
        assert!(remove_partner(&files.reach, &hornbill()).await.unwrap());
        let book = TokenBook::load(&token_book_file(&files.reach.data)).unwrap();
        assert!(book.caller(&token).is_none());
        assert!(!remove_partner(&files.reach, &hornbill()).await.unwrap());
        std::fs::remove_file(admitted.seed_file).unwrap();
        let refused = remove_partner(&files.reach, &hornbill()).await.unwrap_err();
        let partner = hornbill();
        assert_eq!(refusal(&refused), &TownRefusal::NoSuchPartner { partner });
    }

    #[test]
    fn only_a_refused_credential_says_that_a_partner_is_put_out() {
        let log = LogName::new("brent").unwrap();
        let why = "timed out".to_owned();
        let silent = TryError::Log(LogError::Unavailable { log, why });
        assert!(put_out(Err(silent)).is_err());
        assert!(put_out(Ok(())).is_err());
        let why = "authorization violation".to_owned();
        assert!(put_out(Err(TryError::Refused { why })).is_ok());
    }
}
