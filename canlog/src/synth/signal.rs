//! The signals of a made-up drive: what they are called and how they move.

/// How the signals of a kind of message lie in its eight bytes.
#[derive(Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) name: &'static str,
    pub(super) big_endian: bool,
    pub(super) signals: &'static [Signal],
}

impl Eq for Layout {}

/// How a signal moves, in raw steps.
#[derive(Debug, PartialEq)]
enum Motion {
    /// Follows a target that changes now and then: a share of the way a frame, noise of so many steps.
    Follow { share: f64, noise: i64 },
    /// Stays, then jumps to another value of its range.
    Step,
    /// One more each frame.
    Count,
}

/// One signal of a layout.
#[derive(Debug, PartialEq)]
pub(super) struct Signal {
    pub(super) name: &'static str,
    unit: &'static str,
    start: u32,
    bits: u32,
    factor: &'static str,
    offset: &'static str,
    /// Raw range that the targets are drawn from.
    range: (i64, i64),
    motion: Motion,
    /// The entries of its value table.
    pub(super) labels: &'static str,
}

const fn analog(name: &'static str, unit: &'static str, place: (u32, u32), factor: &'static str) -> Signal {
    let motion = Motion::Follow { share: 0.01, noise: 2 };
    let range = (0, (1 << place.1) - 1);
    Signal { name, unit, start: place.0, bits: place.1, factor, offset: "0", range, motion, labels: "" }
}

const fn noisy(signal: Signal, range: (i64, i64), noise: i64) -> Signal {
    Signal { range, motion: Motion::Follow { share: 0.02, noise }, ..signal }
}

const GEARS: &str = r#"0 "Neutral" 1 "First" 2 "Second" 3 "Third" 4 "Fourth" 5 "Fifth" 15 "Fault""#;

pub(super) const LAYOUTS: [Layout; 4] = [
    Layout {
        name: "Engine",
        big_endian: false,
        signals: &[
            noisy(analog("Speed", "rotation:rpm", (0, 16), "0.25"), (3_200, 48_000), 6),
            noisy(analog("Boost", "pressure:kPa", (16, 16), "0.01"), (9_000, 24_000), 12),
            noisy(analog("Throttle", "%", (32, 12), "0.025"), (0, 4_000), 1),
            Signal {
                offset: "-40",
                ..noisy(analog("Coolant", "temperature:C", (44, 8), "1"), (110, 150), 0)
            },
            Signal { range: (0, 5), motion: Motion::Step, labels: GEARS, ..analog("Gear", "", (52, 4), "1") },
        ],
    },
    Layout {
        name: "Battery",
        big_endian: false,
        signals: &[
            noisy(analog("Current", "current:A", (0, 16), "0.1"), (-3_000, 6_000), 8),
            noisy(analog("Voltage", "voltage:V", (16, 16), "0.01"), (32_000, 40_000), 4),
            noisy(analog("Charge", "%", (32, 16), "0.002"), (20_000, 50_000), 0),
            Signal {
                offset: "-40",
                ..noisy(analog("CellTemp", "temperature:C", (48, 8), "0.5"), (120, 190), 0)
            },
            Signal { motion: Motion::Count, ..analog("Alive", "", (56, 8), "1") },
        ],
    },
    Layout {
        name: "Inertia",
        big_endian: false,
        signals: &[
            noisy(analog("AccelX", "acceleration:G", (0, 16), "0.0001"), (-15_000, 15_000), 60),
            noisy(analog("AccelY", "acceleration:G", (16, 16), "0.0001"), (-20_000, 20_000), 60),
            noisy(analog("AccelZ", "acceleration:G", (32, 16), "0.0001"), (8_000, 12_000), 90),
            noisy(analog("YawRate", "rotation:deg/s", (48, 16), "0.01"), (-9_000, 9_000), 15),
        ],
    },
    Layout {
        name: "Wheels",
        big_endian: true,
        signals: &[
            noisy(analog("FrontLeft", "speed:km/h", (0, 16), "0.01"), (0, 20_000), 5),
            noisy(analog("FrontRight", "speed:km/h", (16, 16), "0.01"), (0, 20_000), 5),
            noisy(analog("RearLeft", "speed:km/h", (32, 16), "0.01"), (0, 20_000), 5),
            noisy(analog("RearRight", "speed:km/h", (48, 16), "0.01"), (0, 20_000), 5),
        ],
    },
];

impl Signal {
    /// Its line in a DBC.
    pub(super) fn declaration(&self, big_endian: bool) -> String {
        let Self { name, unit, bits, factor, offset, .. } = self;
        // A big-endian signal is named by its most significant bit; all of ours are two whole bytes.
        let (start, order) = if big_endian { (self.start + 7, 0) } else { (self.start, 1) };
        let sign = if self.range.0 < 0 { '-' } else { '+' };
        format!("SG_ {name} : {start}|{bits}@{order}{sign} ({factor},{offset}) [0|0] \"{unit}\" Car")
    }

    /// The raw value at its place in the payload (byte 0 lowest).
    pub(super) fn place(&self, raw: i64, big_endian: bool) -> u64 {
        let field = raw as u64 & ((1 << self.bits) - 1);
        let field = if big_endian { u64::from((field as u16).swap_bytes()) } else { field };
        field << self.start
    }
}

/// Where a signal stands.
pub(super) struct Channel {
    level: f64,
    target: f64,
}

impl Channel {
    pub(super) fn new(signal: &Signal) -> Self {
        let level = signal.range.0 as f64;
        Self { level, target: level }
    }

    /// The raw value of the next frame.
    pub(super) fn next(&mut self, signal: &Signal, random: &mut Random) -> i64 {
        let (low, high) = signal.range;
        if random.below(500) == 0 {
            self.target = (low + random.below((high - low + 1) as u64) as i64) as f64;
        }
        match signal.motion {
            Motion::Follow { share, noise } => {
                self.level += (self.target - self.level) * share;
                let spread = 2 * noise as u64 + 1;
                let noise = (random.below(spread) + random.below(spread)) as i64 / 2 - noise;
                (self.level as i64 + noise).clamp(low, high)
            }
            Motion::Step => {
                self.level = self.target;
                self.level as i64
            }
            Motion::Count => {
                self.level = if self.level as i64 == high { low as f64 } else { self.level + 1.0 };
                self.level as i64
            }
        }
    }
}

/// A small generator of its own (xorshift64*), so that no library's update changes the drive.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn next_bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `bound`, which is far below 2^32.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((self.next_bits() >> 32) * bound) >> 32
    }
}
