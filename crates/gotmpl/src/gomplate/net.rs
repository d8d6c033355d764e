//! `net.`: addresses and prefixes taken apart; nothing is looked up.

use std::net::IpAddr;

use super::{NETWORK, Outcome, add, convert, namespace};
use crate::functions::{Call, Function, Functions, Refusals, Type, refuse};
use crate::strconv::quote;
use crate::value::{Object, Value};

use Type::Any;

const ADDRESS: Type = Type::Object("netip.Addr");

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    add(m, &["ParseAddr"], &[Any], |c| {
        Ok(Value::object(Address(parse(&convert::text(&c.value(0), c.meter)?)?)))
    });
    add(m, &["ParsePrefix"], &[Any], |c| {
        Ok(Value::object(Prefix::parse(&convert::text(&c.value(0), c.meter)?)?))
    });
    let refused: &Refusals = &[
        (NETWORK, "LookupCNAME LookupIP LookupIPs LookupSRV LookupSRVs LookupTXT"),
        (
            "it is an experiment there, which has to be asked for",
            "CIDRHost CIDRNetmask CIDRSubnetSizes CIDRSubnets",
        ),
        (
            "it gives way to ParseAddr and ParsePrefix",
            "ParseIP ParseIPPrefix ParseIPRange ParseRange",
        ),
    ];
    refuse(m, refused);
    f.add("net", namespace("*funcs.NetFuncs", m.clone()));
}

fn parse(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("ParseAddr({}): unable to parse IP", quote(text, false)))
}

struct Address(IpAddr);

#[derive(Clone, Copy)]
struct Prefix {
    address: IpAddr,
    bits: u8,
}

impl Prefix {
    fn parse(text: &str) -> Result<Self, String> {
        let mistake = |why: &str| format!("netip.ParsePrefix({}): {why}", quote(text, false));
        let (address, bits) = text.rsplit_once('/').ok_or_else(|| mistake("no '/'"))?;
        let address = parse(address).map_err(|why| mistake(&why))?;
        let canonical = !bits.is_empty()
            && bits.bytes().all(|b| b.is_ascii_digit())
            && (bits == "0" || !bits.starts_with('0'));
        let number = bits
            .parse::<u8>()
            .ok()
            .filter(|_| canonical)
            .ok_or_else(|| mistake(&format!("bad bits after slash: {}", quote(bits, false))))?;
        if number > bit_length(&address) {
            return Err(mistake("prefix length out of range"));
        }
        Ok(Self { address, bits: number })
    }

    /// With all bits beyond the prefix taken out.
    fn masked(self) -> Self {
        let (number, length) = (to_number(&self.address), u32::from(bit_length(&self.address)));
        let host = length - u32::from(self.bits);
        let kept = number.checked_shr(host).and_then(|n| n.checked_shl(host)).unwrap_or(0);
        Self { address: like(&self.address, kept), bits: self.bits }
    }

    fn contains(self, address: &IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && Self { address: *address, bits: self.bits }.masked().address == self.masked().address
    }
}

fn bit_length(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn to_number(address: &IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(*address)),
        IpAddr::V6(address) => u128::from(*address),
    }
}

fn like(address: &IpAddr, number: u128) -> IpAddr {
    match address {
        IpAddr::V4(_) => IpAddr::V4((number as u32).into()),
        IpAddr::V6(_) => IpAddr::V6(number.into()),
    }
}

fn constant(value: impl Into<Value>) -> Option<Function> {
    let value = value.into();
    Some(Function::new(&[], move |_| Ok(value.clone())))
}

impl Object for Address {
    fn type_name(&self) -> &str {
        "netip.Addr"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn method(&self, name: &str) -> Option<Function> {
        let address = self.0;
        let private = match address {
            IpAddr::V4(address) => address.is_private(),
            IpAddr::V6(address) => address.is_unique_local(),
        };
        let moved = |number: Option<u128>| {
            let fits = number.filter(|n| address.is_ipv6() || u32::try_from(*n).is_ok());
            fits.and_then(|number| constant(Value::object(Self(like(&address, number)))))
        };
        match name {
            "String" => constant(self.text()),
            "Is4" => constant(address.is_ipv4()),
            "Is6" => constant(address.is_ipv6()),
            "IsValid" => constant(true),
            "IsLoopback" => constant(address.is_loopback()),
            "IsMulticast" => constant(address.is_multicast()),
            "IsUnspecified" => constant(address.is_unspecified()),
            "IsPrivate" => constant(private),
            "BitLen" => constant(i64::from(bit_length(&address))),
            "Next" => moved(to_number(&address).checked_add(1)),
            "Prev" => moved(to_number(&address).checked_sub(1)),
            "Less" => Some(Function::new(&[ADDRESS], move |c: &mut Call<'_>| -> Outcome {
                Ok((address < c.object::<Self>(0)?.0).into())
            })),
            _ => None,
        }
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Object for Prefix {
    fn type_name(&self) -> &str {
        "netip.Prefix"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn method(&self, name: &str) -> Option<Function> {
        let prefix = *self;
        match name {
            "String" => constant(self.text()),
            "Addr" => constant(Value::object(Address(self.address))),
            "Bits" => constant(i64::from(self.bits)),
            "Masked" => constant(Value::object(self.masked())),
            "IsValid" => constant(true),
            "IsSingleIP" => constant(self.bits == bit_length(&self.address)),
            "Contains" => Some(Function::new(&[ADDRESS], move |c: &mut Call<'_>| -> Outcome {
                Ok(prefix.contains(&c.object::<Address>(0)?.0).into())
            })),
            _ => None,
        }
    }

    fn text(&self) -> String {
        format!("{}/{}", self.address, self.bits)
    }
}
