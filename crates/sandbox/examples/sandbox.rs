//! Runs a sandbox until Ctrl-C: `cargo run -p sandbox --example sandbox -- [LISTEN] [DATA]`.

#![allow(clippy::print_stdout, reason = "an example that shows where it listens")]

use sandbox::{Sandbox, SandboxOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut options = SandboxOptions::default();
    if let Some(listen) = arguments.next() {
        options.listen = listen.parse()?;
    }
    options.data = arguments.next().map(Into::into);
    let sandbox = Sandbox::start(options).await?;
    println!("{}", sandbox.banner());
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
