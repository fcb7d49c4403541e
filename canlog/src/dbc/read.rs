//! Statement by statement through the parser, each with its line; the parts are joined in `assemble`.

use can_dbc::{AttributeDefinition, AttributeValue, AttributeValueType, ValueDescription};

use super::diagnostic::{About, DiagnosticCode, Diagnostics};
use super::parts::{ATTRIBUTES, Attribute, FRAME_FORMAT, Labels, PROTOCOL, Parts, RawMessage, Stated};
use super::statement::{Standing, Statement, Statements};
use super::text::{position, unescape};
use super::{DbcError, Limits};

/// The pseudo message in which editors keep signals that no message has.
const NO_MESSAGE: &str = "VECTOR__INDEPENDENT_SIG_MSG";

/// Reads the statements of `text`.
pub(crate) fn read(text: &str, limits: &Limits, diagnostics: &mut Diagnostics) -> Result<Parts, DbcError> {
    let mut reader = Reader { text, limits, diagnostics, parts: Parts::default(), signals: 0, statements: 0 };
    let mut statements = Statements::of(text).peekable();
    while let Some(statement) = statements.next().transpose()? {
        let mut signals = Vec::new();
        if statement.keyword == "BO_" {
            while let Some(Ok(signal)) =
                statements.next_if(|next| matches!(next, Ok(s) if s.keyword == "SG_"))
            {
                signals.push(signal);
            }
        }
        reader.read(&statement, &signals)?;
    }
    if reader.statements == 0 {
        let reason = "there is not one statement of a DBC file in it".to_owned();
        return Err(DbcError {
            line: 1,
            column: 1,
            reason,
            hint: Some("is this the right file?".to_owned()),
        });
    }
    Ok(reader.parts)
}

struct Reader<'a> {
    text: &'a str,
    limits: &'a Limits,
    diagnostics: &'a mut Diagnostics,
    parts: Parts,
    signals: usize,
    statements: usize,
}

impl Reader<'_> {
    fn read(&mut self, statement: &Statement, signals: &[Statement]) -> Result<(), DbcError> {
        match statement.standing() {
            Standing::Needed => self.statements += 1,
            Standing::PassedOver => {
                self.statements += 1;
                return Ok(());
            }
            Standing::Foreign => {
                self.unread(
                    statement,
                    &format!("section `{}` is not known and was passed over", statement.keyword),
                );
                return Ok(());
            }
        }
        match statement.keyword {
            "BO_" => self.message(statement, signals),
            "SG_" => Err(self.error(statement, 0, "a signal outside of a message".to_owned())),
            "SIG_VALTYPE_" | "SG_MUL_VAL_" => self.decoding(statement),
            _ => {
                if let Err(error) = self.description(statement) {
                    self.unread(statement, &error.reason);
                }
                Ok(())
            }
        }
    }

    fn unread(&mut self, statement: &Statement, reason: &str) {
        let text = || reason.to_owned();
        self.diagnostics.add(DiagnosticCode::UnreadStatement, About::line(statement.line), text);
    }

    fn error(&self, statement: &Statement, within: usize, reason: String) -> DbcError {
        let (line, column) = position(self.text, statement.offset + within);
        DbcError { line, column, reason, hint: None }
    }

    fn parse(&self, statement: &Statement, source: &str, lead: usize) -> Result<can_dbc::Dbc, DbcError> {
        can_dbc::Dbc::try_from(source).map_err(|error| {
            let (at, reason) = explain(&error, source);
            let error = self.error(statement, at.saturating_sub(lead).min(statement.text.len()), reason);
            DbcError { hint: form(statement.keyword).map(|form| format!("the form is `{form}`")), ..error }
        })
    }

    /// The id that a statement is about: the first number in it.
    fn id(&self, statement: &Statement) -> Result<u32, DbcError> {
        let number = statement.text.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
        let id = number.and_then(|digits| digits.parse().ok());
        id.ok_or_else(|| self.error(statement, 0, "the frame id is no number of 32 bits".to_owned()))
    }

    fn message(&mut self, statement: &Statement, signals: &[Statement]) -> Result<(), DbcError> {
        let header = with_node(statement);
        let mut block = header.clone();
        for signal in signals {
            block.push_str(&with_node(signal));
        }
        let parsed = can_dbc::Dbc::try_from(block.as_str());
        let Some(message) = parsed.ok().and_then(|mut parsed| parsed.messages.pop()) else {
            return Err(self.blame(statement, &header, signals));
        };
        if message.name == NO_MESSAGE {
            return Ok(());
        }
        let id = self.id(statement)?;
        let signal_lines: Vec<u64> = signals.iter().map(|signal| signal.line).collect();
        self.signals += signal_lines.len();
        self.parts.messages.push(RawMessage { id, line: statement.line, message, signal_lines });
        let (messages, signals) = (self.parts.messages.len(), self.signals);
        self.keep_within(statement, messages, self.limits.messages, "messages")?;
        self.keep_within(statement, signals, self.limits.signals, "signals")
    }

    fn keep_within(&self, at: &Statement, count: usize, limit: usize, what: &str) -> Result<(), DbcError> {
        if count <= limit {
            return Ok(());
        }
        Err(self.error(at, 0, format!("there are more than {limit} {what}")))
    }

    /// Finds the line for which a message cannot be read.
    fn blame(&self, statement: &Statement, header: &str, signals: &[Statement]) -> DbcError {
        if let Err(error) = self.parse(statement, header, 0) {
            return error;
        }
        const LEAD: &str = "BO_ 0 M: 8 N\n";
        let parse =
            |signal: &Statement| self.parse(signal, &format!("{LEAD}{}", with_node(signal)), LEAD.len());
        let blamed = signals.iter().find_map(|signal| parse(signal).err());
        blamed.unwrap_or_else(|| self.error(statement, 0, "this message cannot be read".to_owned()))
    }

    /// Statements without which values would come out wrong: unreadable ones refuse the file.
    fn decoding(&mut self, statement: &Statement) -> Result<(), DbcError> {
        let (id, line) = (self.id(statement)?, statement.line);
        let parsed = self.parse(statement, &terminated(statement), 0)?;
        for float in parsed.signal_extended_value_type_list {
            let what = (float.signal_name, float.signal_extended_value_type);
            self.parts.floats.push(Stated { id, line, what });
        }
        self.parts.gates.extend(parsed.extended_multiplex.into_iter().map(|what| Stated { id, line, what }));
        Ok(())
    }

    /// Statements that name and describe: unreadable ones are passed over.
    fn description(&mut self, statement: &Statement) -> Result<(), DbcError> {
        match statement.keyword {
            "VERSION" | "BU_" => {
                let parsed =
                    self.parse(statement, &format!("{}\n", statement.on_one_line().trim_end()), 0)?;
                self.parts.nodes.extend(parsed.nodes.into_iter().map(|node| node.0));
                if statement.keyword == "VERSION" {
                    self.parts.version = unescape(&parsed.version.0);
                }
                Ok(())
            }
            "VAL_TABLE_" => {
                let parsed = self.parse(statement, &terminated(statement), 0)?;
                let tables = parsed.value_tables.into_iter().map(|table| (table.name, table.descriptions));
                self.parts.tables.extend(tables);
                Ok(())
            }
            "VAL_" => self.value_labels(statement),
            _ if ATTRIBUTES.iter().any(|name| statement.text.contains(name)) => self.attribute(statement),
            _ => Ok(()),
        }
    }

    fn value_labels(&mut self, statement: &Statement) -> Result<(), DbcError> {
        let line = statement.line;
        if let Some((signal, table)) = table_reference(statement.text) {
            let (signal, table) = (signal.to_owned(), Some(table.to_owned()));
            let what = Labels { signal, rows: Vec::new(), table };
            self.parts.labels.push(Stated { id: self.id(statement)?, line, what });
            return Ok(());
        }
        let parsed = self.parse(statement, &terminated(statement), 0)?;
        for described in parsed.value_descriptions {
            if let ValueDescription::Signal { name: signal, value_descriptions: rows, .. } = described {
                let what = Labels { signal, rows, table: None };
                self.parts.labels.push(Stated { id: self.id(statement)?, line, what });
            }
        }
        Ok(())
    }

    fn attribute(&mut self, statement: &Statement) -> Result<(), DbcError> {
        let parsed = self.parse(statement, &terminated(statement), 0)?;
        for definition in parsed.attribute_definitions {
            if let AttributeDefinition::Message(name, AttributeValueType::Enum(formats)) = definition
                && name == FRAME_FORMAT
            {
                self.parts.frame_formats = formats;
            }
        }
        self.parts
            .defaults
            .extend(parsed.attribute_defaults.into_iter().map(|default| (default.name, default.value)));
        for attribute in parsed.attribute_values_database {
            if let (PROTOCOL, AttributeValue::String(protocol)) = (attribute.name.as_str(), attribute.value) {
                self.parts.protocol = Some(protocol);
            }
        }
        let ofs = parsed.attribute_values_message.into_iter().map(|a| (a.name, None, a.value));
        let ofs = ofs.chain(
            parsed.attribute_values_signal.into_iter().map(|a| (a.name, Some(a.signal_name), a.value)),
        );
        let line = statement.line;
        for (name, signal, value) in ofs {
            let id = self.id_after_name(statement)?;
            self.parts.attributes.push(Stated { id, line, what: Attribute { name, signal, value } });
        }
        Ok(())
    }

    /// The id in `BA_ "Name" BO_ 123 …`: the name may hold digits.
    fn id_after_name(&self, statement: &Statement) -> Result<u32, DbcError> {
        let at = statement.text.match_indices('"').nth(1).map_or(0, |(at, _)| at);
        let rest = Statement { text: &statement.text[at..], offset: statement.offset + at, ..*statement };
        self.id(&rest)
    }
}

/// A `BO_` or `SG_` statement on its line, with the placeholder for a sender or receiver that it leaves out.
fn with_node(statement: &Statement) -> String {
    let mut line = statement.on_one_line();
    line.truncate(line.trim_end().len());
    let last = line.rsplit([':', ' ', '\t']).next().unwrap_or_default();
    let is_missing = match statement.keyword {
        "SG_" => line.ends_with('"'),
        _ => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    };
    line.push_str(if is_missing { " Vector__XXX\n" } else { "\n" });
    line
}

fn terminated(statement: &Statement) -> String {
    format!("{};\n", statement.on_one_line().trim_end())
}

/// `VAL_ 123 Signal Table ;`: the signal and the table.
fn table_reference(text: &str) -> Option<(&str, &str)> {
    let mut words = text.trim_end_matches(|c: char| c == ';' || c.is_whitespace()).split_whitespace();
    let (_, id, signal, table) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let is_name = table.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_reference = is_name && words.next().is_none() && id.bytes().all(|b| b.is_ascii_digit());
    is_reference.then_some((signal, table))
}

/// Where in `source` the parser stopped, and what it had expected there.
fn explain(error: &can_dbc::DbcError, source: &str) -> (usize, String) {
    let can_dbc::DbcError::Pest(error) = error else {
        return (0, error.to_string());
    };
    let at = match error.location {
        pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
    };
    let found: String = source.get(at..).unwrap_or_default().trim_end().chars().take(30).collect();
    let found = if found.is_empty() { "the end of the statement".to_owned() } else { format!("`{found}`") };
    let expected = match error.variant.message() {
        rules if rules.contains("EOI") => "expected the end of the statement".to_owned(),
        rules if rules.contains("file") => return (at, format!("not in the form of its kind: {found}")),
        rules => rules.replace('_', " "),
    };
    (at, format!("{expected}, found {found}"))
}

/// How a statement that must be readable looks.
fn form(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        "BO_" => "BO_ id name: bytes sender",
        "SG_" => "SG_ name : start|bits@order+ (factor,offset) [min|max] \"unit\" receiver",
        "SIG_VALTYPE_" => "SIG_VALTYPE_ id signal : 1;",
        "SG_MUL_VAL_" => "SG_MUL_VAL_ id signal multiplexor low-high, low-high;",
        _ => return None,
    })
}
