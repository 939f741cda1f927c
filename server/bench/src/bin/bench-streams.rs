//! `bench-streams`: what Parley costs a stream.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::bench_streams()
}
