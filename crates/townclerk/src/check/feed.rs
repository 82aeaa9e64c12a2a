//! Cutting a feed into pieces without reading it whole: one fact a line, a JSON array of facts, or a
//! single fact over several lines.

use std::io::{self, BufRead, Read};

use townclerk_contract::fact::FACT_BYTES_MAX;

use super::finding::Place;

/// The mark with which some programs begin a file.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A piece of a feed that should be one fact.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    pub place: Place,
    pub content: Result<String, Flaw>,
}

/// Why a piece cannot even be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    TooLong,
    NotText,
    CutOff,
    NoComma,
    AfterEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Lines,
    /// One fact over several lines, and nothing else.
    Object,
    /// Within an array; whether a comma must come before the next fact.
    Array {
        comma_due: bool,
    },
    Ended,
}

/// How far a feed is looked into before it is known what it is: as far as one fact may go.
const AHEAD_BYTES: u64 = FACT_BYTES_MAX as u64 + 1;

/// A feed that is read piece by piece.
pub struct Feed<R> {
    /// What was looked into, then the rest.
    bytes: io::Chain<io::Cursor<Vec<u8>>, R>,
    form: Form,
    mark: bool,
    line: u64,
    index: u64,
}

impl<R: BufRead> Feed<R> {
    /// # Errors
    /// The beginning cannot be read.
    pub fn open(mut bytes: R) -> io::Result<Self> {
        let mut ahead = Vec::new();
        bytes.by_ref().take(AHEAD_BYTES).read_to_end(&mut ahead)?;
        let form = match is_one_object(&ahead) {
            true => Form::Object,
            false => Form::Lines,
        };
        let mut feed = Self {
            bytes: io::Cursor::new(ahead).chain(bytes),
            form,
            mark: false,
            line: 1,
            index: 0,
        };
        if feed.bytes.fill_buf()?.starts_with(MARK) {
            feed.bytes.consume(MARK.len());
            feed.mark = true;
        }
        feed.skip_blank()?;
        if feed.peek()? == Some(b'[') {
            feed.take()?;
            feed.form = Form::Array { comma_due: false };
        }
        Ok(feed)
    }

    /// Whether the file began with a byte order mark.
    pub fn has_mark(&self) -> bool {
        self.mark
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Piece>> {
        match self.form {
            Form::Lines => self.next_line(),
            Form::Object => {
                self.form = Form::Ended;
                let line = self.line;
                let (content, _) = self.element()?;
                Ok(Some(self.piece(line, content)))
            }
            Form::Array { comma_due } => self.next_element(comma_due),
            Form::Ended => Ok(None),
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Piece>> {
        self.skip_blank()?;
        if self.peek()?.is_none() {
            self.form = Form::Ended;
            return Ok(None);
        }
        let mut piece = Bounded::default();
        let line = self.line;
        while let Some(byte) = self.take()? {
            if byte == b'\n' {
                break;
            }
            piece.push(byte);
        }
        Ok(Some(self.piece(line, piece.text())))
    }

    fn next_element(&mut self, mut comma_due: bool) -> io::Result<Option<Piece>> {
        loop {
            self.skip_blank()?;
            let line = self.line;
            match self.peek()? {
                None => {
                    self.form = Form::Ended;
                    return Ok(Some(self.piece(line, Err(Flaw::CutOff))));
                }
                Some(b']') => {
                    self.take()?;
                    self.form = Form::Ended;
                    self.skip_blank()?;
                    let more = self.peek()?.is_some();
                    let line = self.line;
                    return Ok(more.then(|| self.piece(line, Err(Flaw::AfterEnd))));
                }
                Some(b',') if comma_due => {
                    self.take()?;
                    comma_due = false;
                }
                Some(_) => {
                    let (content, ended) = self.element()?;
                    self.form = match ended {
                        true => Form::Array { comma_due: true },
                        false => Form::Ended,
                    };
                    let content = match (ended, comma_due) {
                        (false, _) => Err(Flaw::CutOff),
                        (true, true) => Err(Flaw::NoComma),
                        (true, false) => content,
                    };
                    return Ok(Some(self.piece(line, content)));
                }
            }
        }
    }

    /// One element of an array, and whether it ended before the file did. What stands outside of
    /// braces ends at a comma, at the end of the array or where an object begins.
    fn element(&mut self) -> io::Result<(Result<String, Flaw>, bool)> {
        let mut piece = Bounded::default();
        let mut nesting = Nesting::default();
        while let Some(byte) = self.peek()? {
            if nesting.is_outside() && !piece.is_empty() && matches!(byte, b',' | b']' | b'{') {
                return Ok((piece.text(), true));
            }
            self.take()?;
            piece.push(byte);
            if nesting.ends_with(byte) {
                return Ok((piece.text(), true));
            }
        }
        Ok((piece.text(), false))
    }

    fn piece(&mut self, line: u64, content: Result<String, Flaw>) -> Piece {
        let index = self.index;
        self.index += 1;
        Piece {
            place: Place { line, index },
            content,
        }
    }

    fn skip_blank(&mut self) -> io::Result<()> {
        while self.peek()?.is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.take()?;
        }
        Ok(())
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.bytes.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.bytes.consume(1);
            self.line += u64::from(byte == b'\n');
        }
        Ok(byte)
    }
}

/// How deep a byte stands in braces and brackets; those in strings do not count.
#[derive(Default)]
struct Nesting {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    fn is_outside(&self) -> bool {
        self.depth == 0 && !self.in_string
    }

    /// Takes the next byte; says whether it closes what was opened first.
    fn ends_with(&mut self, byte: u8) -> bool {
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

/// Whether a feed is one object that goes over several lines and ends with the feed. Else its lines
/// are facts, also where the first of them is cut off.
fn is_one_object(feed: &[u8]) -> bool {
    let feed = feed.strip_prefix(MARK).unwrap_or(feed).trim_ascii();
    let fits = feed.len() <= FACT_BYTES_MAX && feed.contains(&b'\n');
    let mut nesting = Nesting::default();
    let ends = |byte: &u8| nesting.ends_with(*byte);
    fits && feed.starts_with(b"{") && feed.iter().position(ends) == Some(feed.len() - 1)
}

/// A piece as it grows, up to what a fact may have.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    too_long: bool,
}

impl Bounded {
    fn push(&mut self, byte: u8) {
        match self.bytes.len() < FACT_BYTES_MAX {
            true => self.bytes.push(byte),
            false => self.too_long = true,
        }
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn text(self) -> Result<String, Flaw> {
        if self.too_long {
            return Err(Flaw::TooLong);
        }
        String::from_utf8(self.bytes).map_err(|_| Flaw::NotText)
    }
}
