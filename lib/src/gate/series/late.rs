//! Points that come after their time was evaluated.

use super::{Nanos, Point, Series};

impl Series {
    /// Points that came after their time was evaluated still count in the windows to come: each once, and the first to come
    /// of one time.
    pub(in crate::gate) fn put_in_late_points(&mut self) {
        let mut late = std::mem::take(&mut self.late);
        let reach = self.evaluated_to.unwrap_or(Nanos::MAX).saturating_sub(self.keep);
        let oldest = self.watch_from.max(reach.saturating_sub(1)).max(self.forgotten.unwrap_or(Nanos::MIN));
        late.retain(|(at, _)| *at > oldest);
        late.sort_by_key(|(at, _)| *at);
        late.dedup_by_key(|(at, _)| *at);
        let Some((first, _)) = late.first() else { return };
        let later = self.points.split_off(self.points.partition_point(|point| point.at < *first));
        let covered = |points: &mut dyn Iterator<Item = &Point>| -> Nanos {
            points.map(|point| point.at.saturating_sub(point.from)).sum()
        };
        let before = covered(&mut later.iter());
        let place = self.points.len();
        let mut later = later.into_iter().peekable();
        for (at, known) in late {
            while let Some(point) = later.next_if(|point| point.at < at) {
                self.follow(point);
            }
            if later.peek().is_some_and(|point| point.at == at) {
                continue;
            }
            let from = self.cover_from(None, at);
            self.follow(Point { at, from, known });
            self.put_in_late += 1;
            self.newest_known = self.newest_known.max(Some(at));
            self.sum(at, at, known);
            self.course.add(at, known);
            self.tracing.known_late(at, known);
        }
        for point in later {
            self.follow(point);
        }
        let after = covered(&mut self.points.range(place..));
        self.totals.covered = self.totals.covered.saturating_add(after.saturating_sub(before));
    }

    /// Adds a point behind the others, which covers no time twice.
    fn follow(&mut self, mut point: Point) {
        let before = self.points.back().map(|point| point.at).or(self.forgotten);
        point.from = before.map_or(point.from, |before| point.from.max(before));
        self.points.push_back(point);
    }
}
