//! `bench-history`: what a large database costs who uses it.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::bench_history()
}
