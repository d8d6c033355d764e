//! What opens encrypted values: asked when a target is looked at or written to, and by nobody else.
//!
//! Keys are named by the agent's settings alone, and the real `sops` uses them, in the jail. What it
//! says stays in memory, for as long as somebody works with it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::ids::ContentId;
use crate::jail::{Jail, Limits, Tool, ToolError, Workplace};
use crate::model::cipher::{self, Cipher, Form, Formula, Part};
use crate::model::path::FieldPath;
use crate::model::value::Value;
use crate::secret::Secret;
use crate::settings::{self, AgentSettings, SopsSettings};
use crate::world::World;

/// How long one run may take: a key service answers within seconds, or is away.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How `sops` ends where it finds no key, and where a file was changed behind its back.
const NO_KEY: i32 = 128;
const MAC_MISMATCH: i32 = 51;

/// How many characters of what it says about keys people are told: that much about three of them.
const SAID_MAX: usize = 600;

/// The program.
const SOPS: &str = "sops";

/// The keys to one repository's encrypted values.
pub struct Keyring {
    settings: Option<SopsSettings>,
    program: Option<PathBuf>,
    work: PathBuf,
    jail: Jail,
    world: World,
    /// How many programs run at a time.
    cores: Semaphore,
    /// All that something wants to know by now.
    known: Mutex<BTreeMap<ContentId, Weak<Cipher>>>,
    /// What somebody works with.
    open: Mutex<BTreeMap<ContentId, Weak<Opened>>>,
}

/// The values of one cipher, by how they are written encrypted.
type Clear = BTreeMap<Arc<str>, Value>;

/// Becomes what is in the clear, once for all that ask at the same time.
#[derive(Default)]
struct Opened(OnceCell<Clear>);

/// Why encrypted values cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// There is no key.
    #[error(
        "it has encrypted values, and the agent has no key to this repository: `sops` of the repository in \
         the agent's settings names one"
    )]
    NoKey,
    /// There is no program.
    #[error(
        "it has encrypted values, and `sops` is not there: install it, or say where it is in `programs` of \
         the agent's settings"
    )]
    NoProgram,
    /// The values are not wanted any more.
    #[error("its encrypted values are not in the repository any more")]
    Gone,
    /// A secret is of another origin.
    #[error("it has a secret value that is not encrypted")]
    Foreign,
    /// Nothing can be run here.
    #[error("`sops` cannot be started")]
    Place(#[source] std::io::Error),
    /// The program failed.
    #[error("its encrypted values cannot be read: {0}")]
    Failed(String),
    /// The program said nothing of a value.
    #[error("`sops` leaves one of its encrypted values as it is")]
    Left,
}

impl Keyring {
    /// The keys that `settings` have for the repository with `sops`. None is used yet.
    pub fn new(settings: &AgentSettings, sops: Option<SopsSettings>, world: World) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        // The child is somewhere else.
        let whole = |path: &mut PathBuf| {
            if let Ok(whole) = std::path::absolute(&*path) {
                *path = whole;
            }
        };
        let sops = sops.map(|mut sops| {
            sops.age.iter_mut().chain(&mut sops.reads).for_each(whole);
            sops
        });
        Self {
            settings: sops,
            program: settings.programs.find(SOPS),
            work: settings.cache.join("work"),
            jail: Jail::default(),
            world,
            cores: Semaphore::new(cores),
            known: Mutex::default(),
            open: Mutex::default(),
        }
    }

    /// Takes note of what is wanted, for as long as it is: nothing else is ever decrypted.
    pub fn learn<'c>(&self, ciphers: impl IntoIterator<Item = &'c Arc<Cipher>>) {
        let mut known = lock(&self.known);
        known.retain(|_, cipher| cipher.strong_count() > 0);
        known.extend(ciphers.into_iter().map(|cipher| (cipher.id, Arc::downgrade(cipher))));
    }

    /// `value` with all its secrets in the clear.
    pub async fn reveal(&self, value: &Value) -> Result<Value, KeyringError> {
        let mut formulas = BTreeMap::new();
        let mut odd = false;
        cipher::secrets(&FieldPath::root(), value, &mut |_, secret| match Formula::read(secret) {
            Some(formula) => drop(formulas.insert(secret.state(), formula)),
            None => odd = true,
        });
        if odd {
            return Err(KeyringError::Foreign);
        }
        let mut clear = Vec::new();
        for id in formulas.values().flat_map(|formula| &formula.ciphers) {
            clear.push(self.opened(id).await?);
        }
        let find = |text: &str| {
            let mut found = clear.iter().filter_map(|one| one.0.get()?.get(text));
            found.next().ok_or(KeyringError::Left)
        };
        let tell = |secret: &Secret| {
            let formula = formulas.get(&secret.state()).ok_or(KeyringError::Foreign)?;
            let mut whole = String::new();
            for part in formula.parts() {
                match part {
                    Part::Plain(text) => whole.push_str(text),
                    Part::Encrypted(text) if formula.form == Form::Value => {
                        return find(text).cloned();
                    }
                    Part::Encrypted(text) => whole.push_str(&cipher::text_of(find(text)?)),
                }
            }
            Ok(match formula.form {
                Form::Value | Form::Text => Value::text(whole),
                Form::Base64 => Value::text(cipher::encoded(whole.as_bytes())),
            })
        };
        cipher::told(value, &tell)
    }

    /// What a cipher says, decrypted once for all that ask at the same time.
    async fn opened(&self, id: &ContentId) -> Result<Arc<Opened>, KeyringError> {
        let known = lock(&self.known).get(id).and_then(Weak::upgrade);
        let known = known.ok_or(KeyringError::Gone)?;
        let opened = {
            let mut open = lock(&self.open);
            open.retain(|_, opened| opened.strong_count() > 0);
            let opened = open.get(id).and_then(Weak::upgrade).unwrap_or_default();
            open.insert(*id, Arc::downgrade(&opened));
            opened
        };
        opened.0.get_or_try_init(|| self.decrypt(&known)).await?;
        Ok(opened)
    }

    async fn decrypt(&self, cipher: &Cipher) -> Result<Clear, KeyringError> {
        let settings = self.settings.as_ref().ok_or(KeyringError::NoKey)?;
        let program = self.program.clone().ok_or(KeyringError::NoProgram)?;
        let _turn = self.cores.acquire().await;
        let place = Workplace::make(&self.work, &self.world.ids.unique());
        let place = place.map_err(KeyringError::Place)?;
        // Encrypted, as it is in the repository.
        fs::write(place.path().join("values"), cipher.text.as_bytes())
            .map_err(KeyringError::Place)?;
        let mut arguments: Vec<OsString> =
            ["decrypt", "--input-type", cipher.language].map(Into::into).into();
        arguments.extend(["--output-type", "yaml"].map(Into::into));
        if !cipher.is_whole {
            arguments.push("--ignore-mac".into());
        }
        arguments.push("values".into());
        let all = settings::environment();
        let named = settings.env.iter().filter_map(|name| Some((name, all.get(name)?)));
        let mut environment: Vec<(OsString, OsString)> =
            named.map(|(name, value)| (name.into(), value.into())).collect();
        environment
            .extend(settings.age.iter().map(|file| ("SOPS_AGE_KEY_FILE".into(), file.into())));
        let tool = Tool {
            program,
            arguments,
            input: Vec::new(),
            folder: place.path().to_owned(),
            reads: settings.age.iter().chain(&settings.reads).cloned().collect(),
            environment,
            network: settings.network,
            limits: Limits::default(),
            timeout: TIMEOUT,
        };
        tracing::info!(program = SOPS, cipher = %cipher.id, "runs");
        // Whoever waits for it ends it by waiting no more.
        let stop = CancellationToken::new();
        let said = self.jail.run(&tool, self.world.clock.as_ref(), &stop).await;
        let said = said.map_err(|error| KeyringError::Failed(place.nameless(&words(&error))))?;
        let said = String::from_utf8(said).map_err(|_| KeyringError::Left)?;
        Ok(cipher.clear(&said))
    }
}

/// Why `sops` failed, without its words where they may say something about values: it tells their sum,
/// and parts of them.
fn words(error: &ToolError) -> String {
    let ToolError::Failed { status, said, .. } = error else { return error.to_string() };
    match status.code() {
        Some(MAC_MISMATCH) => "they were changed after they had been encrypted".to_owned(),
        Some(NO_KEY) => {
            let plain = said.replace('|', " ");
            let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
            let plain = plain.split(" Recovery failed").next().unwrap_or_default();
            let plain = plain.split(" Did not find keys").next().unwrap_or_default();
            format!(
                "no key of the agent opens them: {}",
                plain.chars().take(SAID_MAX).collect::<String>()
            )
        }
        _ => format!("`{SOPS}` ended with {status}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
