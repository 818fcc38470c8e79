//! What the reader sees.

use std::io::{Result, Write};

/// Writes the walk, step by step.
pub(super) struct Show<'a> {
    out: &'a mut dyn Write,
    steps: usize,
}

impl<'a> Show<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, steps: 0 }
    }

    pub(super) fn title(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "\n{text}\n{}\n", "═".repeat(text.chars().count()))
    }

    /// A numbered heading.
    pub(super) fn step(&mut self, text: &str) -> Result<()> {
        self.steps += 1;
        let heading = format!("{}. {text}", self.steps);
        writeln!(self.out, "\n{heading}\n{}\n", "─".repeat(heading.chars().count()))?;
        self.out.flush()
    }

    pub(super) fn text(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "{text}\n")?;
        self.out.flush()
    }

    /// A command that does what was just done.
    pub(super) fn command(&mut self, command: &str) -> Result<()> {
        writeln!(self.out, "$ {command}")?;
        self.out.flush()
    }

    /// A file that a command reads.
    pub(super) fn file(&mut self, name: &str, content: &str) -> Result<()> {
        writeln!(self.out, "{name}:")?;
        for line in content.lines() {
            writeln!(self.out, "    {line}")?;
        }
        writeln!(self.out)?;
        self.out.flush()
    }

    /// A statement as it is typed.
    pub(super) fn statement(&mut self, sql: &str) -> Result<()> {
        for (index, line) in sql.lines().enumerate() {
            writeln!(self.out, "{} {line}", if index == 0 { "SQL>" } else { "    " })?;
        }
        writeln!(self.out)?;
        self.out.flush()
    }
}
