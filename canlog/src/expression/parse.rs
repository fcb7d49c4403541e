//! From tokens to nodes, by precedence climbing.
//!
//! Written by hand: a grammar's generated parser has no say in how deep it calls itself, and its errors name rules,
//! not what an analyst would write there.

use super::failure::{ExpressionError, Position, Reason};
use super::limits::Limits;
use super::syntax::{Binary, Expression, Name, Node, NodeId, Unary};
use super::token::{OPERATORS, Token, tokens};

pub(super) type Parsed<T> = Result<T, ExpressionError>;

/// How strongly operators bind.
pub(super) mod level {
    pub(in crate::expression) const OR: u8 = 1;
    pub(in crate::expression) const AND: u8 = 2;
    pub(in crate::expression) const NOT: u8 = 3;
    pub(in crate::expression) const COMPARE: u8 = 4;
    pub(in crate::expression) const ADD: u8 = 5;
    pub(in crate::expression) const MULTIPLY: u8 = 6;
    pub(in crate::expression) const SIGN: u8 = 7;
    pub(in crate::expression) const POWER: u8 = 8;
    pub(in crate::expression) const OPERAND: u8 = 9;
}

pub(super) fn parse(source: &str, limits: &Limits) -> Parsed<Expression> {
    let expression = Expression { nodes: Vec::new(), places: Vec::new(), names: Vec::new() };
    let mut parser =
        Parser { source, limits, tokens: tokens(source, limits)?, next: 0, depth: 0, expression };
    parser.choice()?;
    match parser.token() {
        Token::End => Ok(parser.expression),
        _ => Err(parser.operator_expected()),
    }
}

pub(super) struct Parser<'a> {
    source: &'a str,
    limits: &'a Limits,
    tokens: Vec<(Token<'a>, usize)>,
    next: usize,
    depth: usize,
    expression: Expression,
}

impl<'a> Parser<'a> {
    pub(super) fn token(&self) -> &Token<'a> {
        &self.tokens[self.next].0
    }

    pub(super) fn place(&self) -> Position {
        Position::of(self.source, self.tokens[self.next].1)
    }

    /// Takes the token; the end stays.
    pub(super) fn take(&mut self) -> Token<'a> {
        let token = self.token().clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn eat(&mut self, sign: &'static str) -> bool {
        let found = *self.token() == Token::Sign(sign);
        if found {
            self.take();
        }
        found
    }

    pub(super) fn push(&mut self, node: Node, place: Position) -> Parsed<NodeId> {
        if self.expression.nodes.len() >= self.limits.nodes {
            let message = format!("more than {} operands, operators and functions", self.limits.nodes);
            return Err(ExpressionError::new(Reason::TooComplex, place, message)
                .hint("save a part of it as a derived signal of its own"));
        }
        self.expression.nodes.push(node);
        self.expression.places.push(place);
        Ok(self.expression.nodes.len() - 1)
    }

    /// Everything that calls itself comes through here.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let deepest = self.limits.deepest();
        // The whole text is none of them.
        if self.depth > deepest {
            let message = format!("more than {deepest} brackets, signs and powers in one another");
            return Err(ExpressionError::new(Reason::TooComplex, self.place(), message)
                .hint("save an inner part as a derived signal of its own"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    pub(super) fn expected(&self, what: &str) -> ExpressionError {
        let found = match self.token() {
            Token::End => "the text ends here".to_owned(),
            token => format!("found {}", describe(token)),
        };
        ExpressionError::new(Reason::Syntax, self.place(), format!("expected {what}, {found}"))
    }

    fn operator_expected(&self) -> ExpressionError {
        let refusal = self.expected("an operator or the end");
        match self.token() {
            Token::Sign(")") => refusal.hint("this bracket was never opened"),
            Token::Word(_) | Token::Quoted(_) => {
                refusal.hint("write * to multiply; a name with spaces stands in double quotes")
            }
            Token::Number(_) | Token::Sign("(") => refusal.hint("write * to multiply"),
            Token::Sign(",") => refusal.hint("decimals are written with a point"),
            _ => refusal,
        }
    }

    pub(super) fn close(&mut self, sign: &'static str) -> Parsed<()> {
        if self.eat(sign) { Ok(()) } else { Err(self.expected(&format!("an operator or `{sign}`"))) }
    }

    /// `c ? a : b`, and everything that binds more strongly.
    pub(super) fn choice(&mut self) -> Parsed<NodeId> {
        self.deeper(|parser| {
            let condition = parser.binary(level::OR)?;
            let place = parser.place();
            if !parser.eat("?") {
                return Ok(condition);
            }
            let accepted = parser.choice()?;
            parser.close(":")?;
            let refused = parser.choice()?;
            parser.push(Node::Choose(condition, accepted, refused), place)
        })
    }

    /// Operators that bind at least so strongly.
    fn binary(&mut self, least: u8) -> Parsed<NodeId> {
        let mut left = self.prefix(least)?;
        while let Some((operator, level)) = operator(self.token()) {
            if level < least {
                break;
            }
            let place = self.place();
            self.take();
            let right = match level {
                level::POWER => self.deeper(|parser| parser.binary(level::POWER))?,
                _ => self.binary(level + 1)?,
            };
            left = self.push(Node::Binary(operator, left, right), place)?;
            if level == level::COMPARE {
                self.refuse_chain()?;
            }
        }
        Ok(left)
    }

    fn refuse_chain(&self) -> Parsed<()> {
        match operator(self.token()) {
            Some((_, level::COMPARE)) => Err(self
                .expected("one comparison")
                .hint("write `a < b and b < c`, or brackets to compare the 1 or 0 of a comparison")),
            _ => Ok(()),
        }
    }

    fn prefix(&mut self, least: u8) -> Parsed<NodeId> {
        let place = self.place();
        match self.token() {
            Token::Sign("-") => {
                self.take();
                let operand = self.deeper(|parser| parser.binary(level::SIGN))?;
                self.push(Node::Unary(Unary::Negate, operand), place)
            }
            Token::Sign("+") => {
                self.take();
                self.deeper(|parser| parser.binary(level::SIGN))
            }
            Token::Word("not") if least > level::NOT => {
                Err(self.expected("an operand").hint("put brackets around `not …`"))
            }
            Token::Word("not") => {
                self.take();
                let operand = self.deeper(|parser| parser.binary(level::NOT))?;
                self.push(Node::Unary(Unary::Not, operand), place)
            }
            _ => self.operand(),
        }
    }

    fn operand(&mut self) -> Parsed<NodeId> {
        let place = self.place();
        match self.token().clone() {
            Token::Number(value) => {
                self.take();
                self.push(Node::Number(value), place)
            }
            Token::Sign("(") => {
                self.take();
                let inner = self.choice()?;
                self.close(")")?;
                Ok(inner)
            }
            Token::Word(word) if !OPERATORS.contains(&word) => {
                if self.tokens[self.next + 1].0 == Token::Sign("(") { self.call(word) } else { self.name() }
            }
            Token::Quoted(_) => self.name(),
            Token::Duration(_) | Token::Hertz(_) => Err(self
                .expected("a number, a signal, a function or `(`")
                .hint("durations and frequencies stand only behind the comma of moving_mean, moving_min, moving_max and low_pass")),
            Token::Word(_) => Err(self
                .expected("a number, a signal, a function or `(`")
                .hint("a signal of this name stands in double quotes")),
            _ => Err(self.expected("a number, a signal, a function or `(`")),
        }
    }

    fn name(&mut self) -> Parsed<NodeId> {
        let place = self.place();
        let mut parts = Vec::new();
        loop {
            let (part, quoted) = match self.token() {
                Token::Word(word) if !OPERATORS.contains(word) => ((*word).to_owned(), false),
                Token::Quoted(name) => (name.clone(), true),
                _ => return Err(self.expected("a signal's name behind the point")),
            };
            self.take();
            parts.push(part);
            if !self.eat(".") {
                self.expression.names.push(Name { parts, quoted });
                return self.push(Node::Name(self.expression.names.len() - 1), place);
            }
        }
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::Number(value) => format!("the number {value:?}"),
        Token::Duration(_) => "a duration".to_owned(),
        Token::Hertz(_) => "a frequency".to_owned(),
        Token::Word(word) => format!("`{word}`"),
        Token::Quoted(name) => format!("the name {name:?}"),
        Token::Sign(sign) => format!("`{sign}`"),
        Token::End => "the end".to_owned(),
    }
}

fn operator(token: &Token) -> Option<(Binary, u8)> {
    Some(match token {
        Token::Word("or") | Token::Sign("||") => (Binary::Or, level::OR),
        Token::Word("and") | Token::Sign("&&") => (Binary::And, level::AND),
        Token::Sign("<") => (Binary::Less, level::COMPARE),
        Token::Sign("<=") => (Binary::LessOrEqual, level::COMPARE),
        Token::Sign(">") => (Binary::Greater, level::COMPARE),
        Token::Sign(">=") => (Binary::GreaterOrEqual, level::COMPARE),
        Token::Sign("==") => (Binary::Equal, level::COMPARE),
        Token::Sign("!=") => (Binary::NotEqual, level::COMPARE),
        Token::Sign("+") => (Binary::Add, level::ADD),
        Token::Sign("-") => (Binary::Subtract, level::ADD),
        Token::Sign("*") => (Binary::Multiply, level::MULTIPLY),
        Token::Sign("/") => (Binary::Divide, level::MULTIPLY),
        Token::Sign("%") => (Binary::Remainder, level::MULTIPLY),
        Token::Sign("^" | "**") => (Binary::Power, level::POWER),
        _ => return None,
    })
}
