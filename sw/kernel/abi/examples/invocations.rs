//! Prints the page of invocations, `docs/kernel/invocations.md`, or compares it (`cargo test`).

use abi::{
    Error,
    invocation::{self, COMMON, Invocation},
};
use std::fmt::{self, Display, Formatter};

fn main() {
    print!("{Page}");
}

struct Page;

impl Display for Page {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(
            "# Invocations of ReL4\n\n\
            `make -C sw pages` writes this page from `sw/kernel/abi/src/invocation`. The kernel's tests \
            compare every refusal with it.\n\n\
            A message to an object's capability asks for what its label says. The label of the answer is 0, \
            or an error.\n\n\
            ## Errors\n\n\
            | error | number | words of the answer |\n| --- | --- | --- |\n",
        )?;
        for error in (1..).map_while(Error::from_number) {
            writeln!(f, "| `{error:?}` | {} | {} |", error as usize, error.words())?;
        }
        f.write_str("\nEvery invocation may be refused with these:\n\n")?;
        refusals(f, COMMON)?;
        let mut objects: Vec<&str> = Vec::new();
        for one in invocation::all() {
            if !objects.contains(&one.object) {
                objects.push(one.object);
            }
        }
        for object in objects {
            let (first, rest) = object.split_at(1);
            writeln!(f, "\n## {}{rest}", first.to_uppercase())?;
            for one in invocation::all().filter(|one| one.object == object) {
                section(f, one)?;
            }
        }
        Ok(())
    }
}

fn section(f: &mut Formatter<'_>, one: &Invocation) -> fmt::Result {
    let number = one.label as usize;
    writeln!(f, "\n### {:?}\n\nLabel {number}: {}.\n", one.label, one.purpose)?;
    let parts = [("words", one.words), ("capabilities", one.capabilities), ("answer", one.answer)];
    let mut listed = false;
    for (name, entries) in parts.iter().filter(|(_, entries)| !entries.is_empty()) {
        for (index, entry) in entries.iter().enumerate() {
            let lead = if index == 0 { format!("- {name}:\n") } else { String::new() };
            writeln!(f, "{lead}    {}. {entry}", index + 1)?;
        }
        listed = true;
    }
    if !one.errors.is_empty() {
        if listed {
            writeln!(f)?;
        }
        refusals(f, one.errors)?;
    }
    Ok(())
}

fn refusals(f: &mut Formatter<'_>, errors: &[(Error, &str)]) -> fmt::Result {
    writeln!(f, "| refused with | because |\n| --- | --- |")?;
    errors.iter().try_for_each(|(error, reason)| writeln!(f, "| `{error:?}` | {reason} |"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_docs_is_this_one() {
        let page = include_str!("../../../../docs/kernel/invocations.md");
        assert_eq!(page, super::Page.to_string(), "make -C sw pages writes it");
    }
}
