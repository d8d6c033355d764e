//! Families of series: described once, and none of them without end.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeMetric, LabelSetEncoder, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::Registry;

/// Series of one metric: 100 targets with 20 kinds each. Whatever is more is counted together, with
/// `other` for every label.
pub const SERIES_MAX: usize = 2_000;

/// From a request on loopback to a slow rollout, four times as long each: 1 ms to 17 minutes.
const BUCKETS: [f64; 11] =
    [0.001, 0.004, 0.016, 0.064, 0.256, 1.024, 4.096, 16.384, 65.536, 262.144, 1048.576];

/// What a metric is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name, as it is scraped.
    pub name: String,
    /// How it grows.
    pub kind: Kind,
    /// Its labels.
    pub labels: Vec<&'static str>,
    /// What it says.
    pub help: &'static str,
}

/// How a metric grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Up, from nothing, for as long as the process lives. Its name ends in `_total`.
    Counter,
    /// Up and down.
    Gauge,
    /// Counters of what was at most so large.
    Histogram,
}

/// All metrics while they are gathered.
#[derive(Default)]
pub(super) struct Book {
    pub(super) registry: Registry,
    pub(super) described: Vec<Described>,
}

/// Names of labels and their values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Labels<const N: usize>(pub(super) [(&'static str, String); N]);

type RealGauge = Gauge<f64, AtomicU64>;

/// A metric with one series for each set of values that its labels have had.
pub(super) struct Series<const N: usize, M> {
    names: [&'static str; N],
    family: Family<Labels<N>, M, fn() -> M>,
    count: AtomicUsize,
}

pub(super) type Counters<const N: usize> = Series<N, Counter>;
pub(super) type Gauges<const N: usize> = Series<N, RealGauge>;
pub(super) type Histograms<const N: usize> = Series<N, Histogram>;

impl Book {
    pub(super) fn counter<const N: usize>(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> Counters<N> {
        self.series((name, Kind::Counter), help, labels, Counter::default)
    }

    pub(super) fn gauge<const N: usize>(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> Gauges<N> {
        self.series((name, Kind::Gauge), help, labels, RealGauge::default)
    }

    pub(super) fn histogram<const N: usize>(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> Histograms<N> {
        self.series((name, Kind::Histogram), help, labels, || Histogram::new(BUCKETS))
    }

    fn series<const N: usize, M>(
        &mut self,
        (name, kind): (&'static str, Kind),
        help: &'static str,
        names: [&'static str; N],
        make: fn() -> M,
    ) -> Series<N, M>
    where
        M: EncodeMetric + TypedMetric + std::fmt::Debug + Send + Sync + 'static,
    {
        let family = Family::new_with_constructor(make);
        // It puts a full stop at the end by itself.
        self.registry.register(name, help.trim_end_matches('.'), family.clone());
        self.describe((name, kind), help, &names);
        Series { names, family, count: AtomicUsize::new(0) }
    }

    /// A metric that something gathers when it is asked for.
    pub(super) fn describe(
        &mut self,
        (name, kind): (&'static str, Kind),
        help: &'static str,
        labels: &[&'static str],
    ) {
        let total = if kind == Kind::Counter { "_total" } else { "" };
        let (name, labels) = (format!("{name}{total}"), labels.to_vec());
        self.described.push(Described { name, kind, labels, help });
    }

    /// Has `collector` asked for what it has described.
    pub(super) fn gather(&mut self, collector: impl Collector) {
        self.registry.register_collector(Box::new(collector));
    }
}

impl<const N: usize, M: Clone> Series<N, M> {
    /// The series of these values, if there is room for it, or else of all that there is none for.
    fn of(&self, values: [&str; N]) -> M {
        let wanted = Labels::of(self.names, values);
        if let Some(known) = self.family.get(&wanted) {
            return known.clone();
        }
        // Of several that come at once a few more may find room.
        match self.count.load(Ordering::Relaxed) < SERIES_MAX {
            true => {
                self.count.fetch_add(1, Ordering::Relaxed);
                self.family.get_or_create_owned(&wanted)
            }
            false => self.family.get_or_create_owned(&Labels::of(self.names, ["other"; N])),
        }
    }
}

impl<const N: usize> Counters<N> {
    pub(super) fn add(&self, values: [&str; N], by: u64) {
        self.of(values).inc_by(by);
    }
}

impl<const N: usize> Gauges<N> {
    pub(super) fn set(&self, values: [&str; N], value: f64) {
        self.of(values).set(value);
    }
}

impl<const N: usize> Histograms<N> {
    pub(super) fn observe(&self, values: [&str; N], took: Duration) {
        self.of(values).observe(took.as_secs_f64());
    }
}

impl<const N: usize> Labels<N> {
    pub(super) fn of(names: [&'static str; N], values: [&str; N]) -> Self {
        let mut names = names.into_iter();
        Self(values.map(|value| (names.next().unwrap_or_default(), value.to_owned())))
    }
}

impl<const N: usize> EncodeLabelSet for Labels<N> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        self.0.encode(encoder)
    }
}

/// Writes what a collector has of a metric. Without any, not even its name.
pub(super) fn write<const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, kind): (&str, Kind),
    help: &str,
    series: impl IntoIterator<Item = (Labels<N>, f64)>,
) -> std::fmt::Result {
    let mut series = series.into_iter().peekable();
    if series.peek().is_none() {
        return Ok(());
    }
    let form = if kind == Kind::Counter { MetricType::Counter } else { MetricType::Gauge };
    let mut metric = encoder.encode_descriptor(name, help, None, form)?;
    for (labels, value) in series {
        match labels.0.is_empty() {
            true => number(&mut metric, kind, value)?,
            false => number(&mut metric.encode_family(&labels)?, kind, value)?,
        }
    }
    Ok(())
}

fn number(metric: &mut MetricEncoder<'_>, kind: Kind, value: f64) -> std::fmt::Result {
    match kind {
        Kind::Counter => metric.encode_counter::<NoLabelSet, _, f64>(&value, None),
        _ => metric.encode_gauge(&value),
    }
}
