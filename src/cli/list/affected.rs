//! `isobar list affected`

use super::rows::Rows;
use crate::cli::describe::affected::{Compared, Sides};
use crate::cli::{Context, Exit, Failure};
use crate::report::describe::affected_rows;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    compared: Compared,
    #[command(flatten)]
    rows: Rows,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let sides = Sides::new(context, &args.compared)?;
    let all = sides.affected(&args.compared)?;
    let table = affected_rows(&all, sides.after(), args.compared.with_dependents());
    args.rows.write(context, table)?;
    Ok(sides.exit())
}
