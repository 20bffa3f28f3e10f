//! What a build asks of the file system besides the bytes of its sources, and what it is told: whether there is a file, what a
//! `package.json` says, what a folder lists. These answers decide what specifiers mean. So while asking again gives the same ones, specifiers
//! mean the same files, and no time of modification needs to be trusted.

use super::names_with_kinds;
use crate::key::{Key, KeyBuilder};
use oxc_resolver::{FileMetadata, FileSystem, FileSystemOs, ResolveError};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// What may be asked of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Question {
    /// What is it, links followed?
    Kind,
    /// What is it, a link or not?
    OwnKind,
    /// Where does the link lead?
    Link,
    /// What is its path without links?
    Real,
    /// What does the file hold?
    Bytes,
    /// What does the folder list?
    Names,
}

/// What the file system says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// There is no such thing, or it cannot be had.
    Absent,
    /// File, folder, link.
    Kind(bool, bool, bool),
    /// A path.
    Path(PathBuf),
    /// The key of bytes or of names.
    Key(Key),
}

impl Question {
    /// Asks.
    fn ask(self, files: &FileSystemOs, path: &Path) -> Answer {
        match self {
            Self::Kind => kind(files.metadata(path).as_ref()),
            Self::OwnKind => kind(files.symlink_metadata(path).as_ref()),
            Self::Link => files.read_link(path).map_or(Answer::Absent, Answer::Path),
            Self::Real => files.canonicalize(path).map_or(Answer::Absent, Answer::Path),
            Self::Bytes => bytes(files.read(path).as_ref()),
            Self::Names => names(&names_with_kinds(path)),
        }
    }
}

fn kind(metadata: Result<&FileMetadata, &io::Error>) -> Answer {
    metadata.map_or(Answer::Absent, |kind| Answer::Kind(kind.is_file(), kind.is_dir(), kind.is_symlink()))
}

fn bytes(content: Result<&Vec<u8>, &io::Error>) -> Answer {
    content.map_or(Answer::Absent, |content| Answer::Key(Key::of_bytes(content)))
}

fn names(names: &[(String, bool)]) -> Answer {
    let mut key = KeyBuilder::new("names", 1);
    names.iter().for_each(|(name, is_folder)| {
        key.text(name).number(u64::from(*is_folder));
    });
    Answer::Key(key.finish())
}

/// Questions with their answers.
pub(crate) struct Asked {
    files: FileSystemOs,
    /// Absent if nobody wants to know.
    answers: Option<Mutex<Answers>>,
}

#[derive(Default)]
struct Answers {
    by_path: FxHashMap<PathBuf, Vec<(Question, Answer)>>,
    /// All folders above these paths.
    above: FxHashSet<PathBuf>,
}

impl Answers {
    fn note(&mut self, path: &Path, question: Question, answer: Answer) {
        if let Some(asked) = self.by_path.get_mut(path) {
            if !asked.iter().any(|(earlier, _)| *earlier == question) {
                asked.push((question, answer));
            }
            return;
        }
        self.by_path.insert(path.to_owned(), vec![(question, answer)]);
        for folder in path.ancestors().skip(1) {
            if self.above.contains(folder) {
                break;
            }
            self.above.insert(folder.to_owned());
        }
    }

    fn lists(&self, folder: &Path) -> bool {
        self.by_path.get(folder).is_some_and(|asked| asked.iter().any(|(question, _)| *question == Question::Names))
    }
}

impl Asked {
    /// Nothing has been asked yet. `keeps`: answers are kept.
    pub(crate) fn new(keeps: bool) -> Self {
        Self { files: FileSystemOs::new(false), answers: keeps.then(Mutex::default) }
    }

    fn answers(&self) -> Option<MutexGuard<'_, Answers>> {
        Some(self.answers.as_ref()?.lock().expect("no panic while locked"))
    }

    fn note(&self, path: &Path, question: Question, answer: impl FnOnce() -> Answer) {
        // Bytes are hashed before the lock is taken.
        let answer = self.answers.is_some().then(answer);
        if let (Some(answer), Some(mut answers)) = (answer, self.answers()) {
            answers.note(path, question, answer);
        }
    }

    /// The path without links, if it is another one and somebody wants to know.
    fn real(&self, path: &Path) -> Option<PathBuf> {
        self.answers.as_ref().and_then(|_| self.files.canonicalize(path).ok()).filter(|real| real != path)
    }

    /// The names in a folder, sorted; see [`super::names_in`].
    pub(crate) fn names_in(&self, folder: &Path) -> Vec<String> {
        let found = names_with_kinds(folder);
        self.note(folder, Question::Names, || names(&found));
        found.into_iter().map(|(name, _)| name).collect()
    }

    /// Whether there is such a file.
    pub(crate) fn is_file(&self, path: &Path) -> bool {
        let found = self.files.metadata(path);
        self.note(path, Question::Kind, || kind(found.as_ref()));
        found.is_ok_and(FileMetadata::is_file)
    }

    /// Whether `relative` names a file in `folder` without leaving it.
    pub(crate) fn is_file_inside(&self, folder: &Path, relative: &str) -> bool {
        !relative.split('/').any(|part| part == "..") && self.is_file(&folder.join(relative))
    }

    /// A source cannot be read.
    pub(crate) fn note_unreadable(&self, path: &Path) {
        self.note(path, Question::Bytes, || Answer::Absent);
    }

    /// Whether anything was asked of a path, of what lies below it, or of the names beside it.
    pub(crate) fn concerns(&self, path: &Path) -> bool {
        self.answers().is_some_and(|answers| {
            answers.by_path.contains_key(path)
                || answers.above.contains(path)
                || path.parent().is_some_and(|folder| answers.lists(folder))
        })
    }

    /// Whether asking again about these paths, about what lies below them and about the names beside them, gives other answers.
    pub(crate) fn differs(&self, changed: &[PathBuf]) -> bool {
        let Some(answers) = self.answers() else { return true };
        let differs = |path: &Path, asked: &[(Question, Answer)]| !self.still_says(path, asked);
        let path_differs = |path: &Path| answers.by_path.get(path).is_some_and(|asked| differs(path, asked));
        changed.iter().any(|changed| {
            path_differs(changed)
                || changed.parent().is_some_and(|folder| answers.lists(folder) && path_differs(folder))
                || answers.above.contains(changed)
                    && answers.by_path.iter().any(|(path, asked)| path.starts_with(changed) && differs(path, asked))
        })
    }

    /// Whether asking about a path again gives these answers.
    pub(crate) fn still_says(&self, path: &Path, asked: &[(Question, Answer)]) -> bool {
        asked.iter().all(|(question, answer)| question.ask(&self.files, path) == *answer)
    }

    /// Every question with its answer, by path, sorted.
    pub(crate) fn answered(&self) -> Vec<(PathBuf, Vec<(Question, Answer)>)> {
        let Some(answers) = self.answers() else { return Vec::new() };
        let mut answered: Vec<_> = answers.by_path.iter().map(|(path, asked)| (path.clone(), asked.clone())).collect();
        answered.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        answered
    }

    /// The folders of what was read beside sources: those of packages, and those in `root` where there may be something to read later.
    pub(crate) fn folders(&self, root: &Path) -> Vec<PathBuf> {
        let Some(answers) = self.answers() else { return Vec::new() };
        let is_packaged = |path: &Path| path.components().any(|part| part.as_os_str() == "node_modules");
        let is_read = |path: &Path, (question, answer): &(Question, Answer)| match question {
            Question::Bytes | Question::Link => {
                *answer != Answer::Absent || path.starts_with(root) || is_packaged(path)
            }
            _ => false,
        };
        let read = answers.by_path.iter().filter(|(path, asked)| asked.iter().any(|asked| is_read(path, asked)));
        read.filter_map(|(path, _)| Some(path.parent()?.to_owned())).collect()
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        if let Some(mut answers) = self.answers() {
            *answers = Answers::default();
        }
    }
}

/// The file system for the resolver, which notes what it is asked.
pub(crate) struct Asking {
    files: FileSystemOs,
    asked: Arc<Asked>,
}

impl Asking {
    /// What is asked goes to `asked`. `archives`: packages may lie in archives.
    pub(crate) fn new(asked: Arc<Asked>, archives: bool) -> Self {
        Self { files: FileSystemOs::new(archives), asked }
    }
}

impl FileSystem for Asking {
    fn new(archives: bool) -> Self {
        Self::new(Arc::new(Asked::new(false)), archives)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let content = self.files.read(path);
        self.asked.note(path, Question::Bytes, || bytes(content.as_ref()));
        // The system tells of changes under the name without links: a linked package's `package.json` is edited where it really is.
        if let Some(real) = self.asked.real(path).filter(|_| content.is_ok()) {
            self.asked.note(&real, Question::Bytes, || bytes(content.as_ref()));
        }
        content
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        let content = self.read(path)?;
        FileSystemOs::validate_string(content)
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        let found = self.files.metadata(path);
        self.asked.note(path, Question::Kind, || kind(found.as_ref()));
        found
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        let found = self.files.symlink_metadata(path);
        self.asked.note(path, Question::OwnKind, || kind(found.as_ref()));
        found
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        let link = self.files.read_link(path);
        self.asked
            .note(path, Question::Link, || link.as_ref().map_or(Answer::Absent, |link| Answer::Path(link.clone())));
        link
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let real = self.files.canonicalize(path);
        self.asked
            .note(path, Question::Real, || real.as_ref().map_or(Answer::Absent, |real| Answer::Path(real.clone())));
        real
    }
}
