//! Seeded randomness that is the same on every platform.

/// Marsaglia's xorshift64*, seeded by a family and a run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03);
        for _ in 0..8 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Between 0 and 1, neither included.
    pub fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.unit()));
        radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }

    /// Poisson: by Knuth's product for few, by the normal approximation for many.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean > 30.0 {
            return libm::round(mean + libm::sqrt(mean) * self.normal()).max(0.0);
        }
        let limit = libm::exp(-mean);
        let mut product = self.unit();
        let mut count = 0.0;
        while product > limit {
            product *= self.unit();
            count += 1.0;
        }
        count
    }

    /// How many of `total` events happen.
    pub fn binomial(&mut self, total: f64, share: f64) -> f64 {
        if total <= 2000.0 {
            return (0..total as u32).filter(|_| self.happens(share)).count() as f64;
        }
        let spread = libm::sqrt(total * share * (1.0 - share));
        libm::round(total * share + spread * self.normal()).clamp(0.0, total)
    }
}
