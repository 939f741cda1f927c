//! `bench-gateway`: what the embedded Gateway costs an answer.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::bench_gateway()
}
