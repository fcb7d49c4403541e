//! Where a signal's bits lie, turned once into what a frame needs: a window, a shift and a mask.

/// Longest payload of a frame (CAN FD), in bytes.
pub(crate) const LONGEST_PAYLOAD: usize = 64;

/// Bit numbering of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    /// Intel: the start bit is the least significant one, bits grow upwards.
    Little,
    /// Motorola: the start bit is the most significant one, in the numbering 7..0, 15..8, ...
    Big,
}

/// A signal's place as the DBC states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Start bit in the DBC's numbering.
    pub(crate) start: u64,
    /// Width in bits.
    pub(crate) bits: u64,
    /// Bit numbering.
    pub(crate) order: ByteOrder,
}

impl Place {
    /// First bit in the order of the wire's bytes: for Intel counted from each byte's low end, for
    /// Motorola from its high end.
    pub(crate) fn first(self) -> u64 {
        match self.order {
            ByteOrder::Little => self.start,
            ByteOrder::Big => (self.start & !7) | (7 - (self.start & 7)),
        }
    }

    /// Bytes that a payload must have to hold the whole signal.
    pub(crate) fn end_byte(self) -> u64 {
        self.first().saturating_add(self.bits).div_ceil(8)
    }

    /// Whether a frame can hold the signal and a `u64` its bits.
    pub(crate) fn is_readable(self) -> bool {
        (1..=64).contains(&self.bits) && self.end_byte() <= LONGEST_PAYLOAD as u64
    }
}

/// One signal's extraction. With mask 0 (an unreadable signal) it yields 0.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Field {
    mask: u64,
    shift: u8,
    byte: u8,
    big: bool,
}

impl Field {
    /// For a message whose signals all lie in the first eight bytes.
    pub(crate) fn in_word(place: Place) -> Self {
        let shift = match place.order {
            ByteOrder::Little => place.start,
            ByteOrder::Big => 64 - (place.first() + place.bits),
        };
        Self { mask: mask(place.bits), shift: shift as u8, byte: 0, big: place.order == ByteOrder::Big }
    }

    /// For any other message: a window of 16 bytes from the signal's first byte on.
    pub(crate) fn in_window(place: Place) -> Self {
        let (byte, bit) = (place.first() / 8, place.first() % 8);
        let shift = match place.order {
            ByteOrder::Little => bit,
            ByteOrder::Big => 128 - (bit + place.bits),
        };
        Self {
            mask: mask(place.bits),
            shift: shift as u8,
            byte: byte as u8,
            big: place.order == ByteOrder::Big,
        }
    }

    /// The bits out of the payload's first eight bytes, read as Intel and as Motorola.
    #[inline]
    pub(crate) fn of_words(self, little: u64, big: u64) -> u64 {
        let word = if self.big { big } else { little };
        (word >> (self.shift & 63)) & self.mask
    }

    /// The bits out of a payload padded with zeros.
    #[inline]
    pub(crate) fn of_padded(self, padded: &Padded) -> u64 {
        let Some(window) = padded.get(usize::from(self.byte)..).and_then(<[u8]>::first_chunk::<16>) else {
            return 0;
        };
        let window = if self.big { u128::from_be_bytes(*window) } else { u128::from_le_bytes(*window) };
        (window >> (self.shift & 127)) as u64 & self.mask
    }
}

/// A payload with as many zeros behind it as the last window needs.
pub(crate) type Padded = [u8; LONGEST_PAYLOAD + 16];

/// Pads `payload`; what lies beyond the longest payload is cut.
#[inline]
pub(crate) fn pad(payload: &[u8]) -> Padded {
    let mut padded = [0; LONGEST_PAYLOAD + 16];
    let length = payload.len().min(LONGEST_PAYLOAD);
    padded[..length].copy_from_slice(&payload[..length]);
    padded
}

/// The first eight bytes of `payload` as Intel and as Motorola word, missing ones zero.
#[inline]
pub(crate) fn words(payload: &[u8]) -> (u64, u64) {
    let bytes = payload.first_chunk::<8>().copied().unwrap_or_else(|| {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(payload) {
            *to = *from;
        }
        bytes
    });
    (u64::from_le_bytes(bytes), u64::from_be_bytes(bytes))
}

fn mask(bits: u64) -> u64 {
    u64::MAX >> (64 - bits.clamp(1, 64))
}
