//! One signal: what its bits mean.

use crate::manifest::{Number, ValueLabel};

/// What kind of column a signal becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Physical values as floats: nearly every signal.
    Float64,
    /// Signed, wider than 53 bits, factor 1, offset 0: a float would lose digits.
    Int64,
    /// Unsigned, wider than 53 bits, factor 1, offset 0.
    UInt64,
}

/// How a signal's bits are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// A natural number.
    Unsigned,
    /// Two's complement.
    Signed,
    /// IEEE 754, 16, 32 or 64 bits by the signal's width.
    Float,
}

/// One signal of a message.
#[derive(Clone, Debug)]
pub struct SignalPlan {
    /// The name, unique in the message: a repeated one has a suffix (`_2`).
    pub name: String,
    /// The name as the DBC has it.
    pub dbc_name: String,
    /// The unit; none when the DBC leaves it empty.
    pub unit: Option<String>,
    /// The value table, in the DBC's order.
    pub labels: Vec<ValueLabel>,
    /// What kind of column the signal becomes.
    pub kind: ValueKind,
    /// Physical value of one step of the raw value.
    pub factor: f64,
    /// Physical value of raw zero.
    pub offset: f64,
    /// Lower bound of the physical value as the DBC states it.
    pub minimum: f64,
    /// Upper bound.
    pub maximum: f64,
    pub(crate) bits: u16,
    pub(crate) coding: Coding,
}

impl SignalPlan {
    /// Width of the bit field.
    #[inline]
    #[must_use]
    pub fn bits(&self) -> u16 {
        self.bits
    }

    /// Whether the bit field is a number in two's complement.
    pub(crate) fn is_signed(&self) -> bool {
        self.coding == Coding::Signed
    }

    /// Whether the raw value can be made a number at all (IEEE floats have three widths, and a factor that
    /// is no number gives none).
    pub(crate) fn is_readable(&self) -> bool {
        let float_fits = self.coding != Coding::Float || matches!(self.bits, 16 | 32 | 64);
        float_fits && self.factor.is_finite() && self.offset.is_finite()
    }

    /// The kind of column for this coding, width and scaling.
    pub(crate) fn kind_of(coding: Coding, bits: u16, factor: f64, offset: f64) -> ValueKind {
        let plain = bits > 53 && factor == 1.0 && offset == 0.0;
        match (plain, coding) {
            (true, Coding::Unsigned) => ValueKind::UInt64,
            (true, Coding::Signed) => ValueKind::Int64,
            _ => ValueKind::Float64,
        }
    }

    /// The physical value of a raw bit field.
    #[inline]
    #[must_use]
    pub fn physical(&self, raw: u64) -> Number {
        match self.kind {
            ValueKind::Float64 => Number::Float(self.physical_f64(raw)),
            ValueKind::Int64 => Number::Int(self.signed(raw)),
            ValueKind::UInt64 => Number::UInt(raw),
        }
    }

    /// The physical value as a float; beyond 53 bits rounded to the nearest.
    #[inline]
    #[must_use]
    pub fn physical_f64(&self, raw: u64) -> f64 {
        let number = match self.coding {
            Coding::Unsigned => raw as f64,
            Coding::Signed => self.signed(raw) as f64,
            Coding::Float => self.float(raw),
        };
        number * self.factor + self.offset
    }

    /// The raw value with its sign, as value tables and multiplexors of signed signals mean it.
    #[inline]
    #[must_use]
    pub fn signed(&self, raw: u64) -> i64 {
        let spare = 64 - u32::from(self.bits.clamp(1, 64));
        if self.coding == Coding::Signed { (raw << spare).cast_signed() >> spare } else { raw.cast_signed() }
    }

    fn float(&self, raw: u64) -> f64 {
        match self.bits {
            16 => half(raw as u16),
            32 => f64::from(f32::from_bits(raw as u32)),
            _ => f64::from_bits(raw),
        }
    }
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    }
}
