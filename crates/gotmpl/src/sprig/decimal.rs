//! Decimal numbers of any length: `addf 0.1 0.2` is 0.3.

use num_bigint::BigInt;

use crate::Failure;

/// Digits after the point that a division keeps.
const DIVISION_DIGITS: i64 = 16;

/// `value * 10^exponent`.
#[derive(Debug, Clone)]
pub(super) struct Decimal {
    value: BigInt,
    exponent: i64,
}

impl Decimal {
    /// The shortest decimal that reads as this float.
    pub(super) fn from_float(float: f64) -> Result<Self, Failure> {
        if !float.is_finite() {
            return Err(format!("Cannot create a Decimal from {float}").into());
        }
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let value: BigInt = format!("{whole}{fraction}").parse().unwrap_or_default();
        let exponent: i64 = exponent.parse().unwrap_or(0);
        Ok(Self { value, exponent: exponent - fraction.len() as i64 })
    }

    /// The nearest float.
    pub(super) fn to_float(&self) -> f64 {
        format!("{}e{}", self.value, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// About how many bytes it takes.
    pub(super) fn len(&self) -> usize {
        (self.value.bits() / 8) as usize
    }

    pub(super) fn add(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self { value: self.scaled(exponent) + other.scaled(exponent), exponent }
    }

    pub(super) fn sub(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self { value: self.scaled(exponent) - other.scaled(exponent), exponent }
    }

    pub(super) fn mul(&self, other: &Self) -> Self {
        Self { value: &self.value * &other.value, exponent: self.exponent + other.exponent }
    }

    /// Rounded half away from zero.
    pub(super) fn div(&self, other: &Self) -> Result<Self, Failure> {
        let zero = BigInt::ZERO;
        if other.value == zero {
            return Err("decimal division by 0".into());
        }
        let shift = self.exponent - other.exponent + DIVISION_DIGITS;
        let (mut over, mut under) = (self.value.clone(), other.value.clone());
        if shift >= 0 {
            over *= power(shift)
        } else {
            under *= power(-shift)
        }
        let mut quotient = &over / &under;
        let remainder = &over - &quotient * &under;
        if remainder.magnitude() * 2u8 >= *under.magnitude() {
            let negative = (over < zero) != (under < zero);
            quotient += if negative { -1 } else { 1 };
        }
        Ok(Self { value: quotient, exponent: -DIVISION_DIGITS })
    }

    fn scaled(&self, exponent: i64) -> BigInt {
        &self.value * power(self.exponent - exponent)
    }
}

/// 10 to the `n`; floats keep `n` below 700 and products below 700 per factor.
fn power(n: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(n).unwrap_or(0))
}
