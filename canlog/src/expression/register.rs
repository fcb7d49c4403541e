//! Few registers for many steps: what nobody reads any more is written over, so that a block stays in the cache.

use super::plan::{Step, Value};

/// Gives steps (each of which has a register of its own) shared ones; answers how many there are.
pub(super) fn assign(steps: &mut [Step], root: &mut Value) -> usize {
    let mut last_use: Vec<usize> = (0..steps.len()).collect();
    for (index, step) in steps.iter().enumerate() {
        for operand in &step.operands {
            if let Value::Register(register) = *operand {
                last_use[register] = index;
            }
        }
    }
    if let Value::Register(register) = *root {
        last_use[register] = steps.len();
    }
    let mut shared = vec![0; steps.len()];
    let mut free = Vec::new();
    let mut registers = 0;
    for (index, step) in steps.iter_mut().enumerate() {
        // Its own first: operands of this step are still read while it is written.
        shared[index] = free.pop().unwrap_or_else(|| {
            registers += 1;
            registers - 1
        });
        step.register = shared[index];
        let mut ended: Vec<usize> = step.operands.iter().filter_map(register_of).collect();
        ended.push(index);
        ended.sort_unstable();
        ended.dedup();
        free.extend(
            ended
                .into_iter()
                .filter(|&register| last_use[register] == index)
                .map(|register| shared[register]),
        );
        for operand in &mut step.operands {
            rename(operand, &shared);
        }
    }
    rename(root, &shared);
    registers
}

fn register_of(value: &Value) -> Option<usize> {
    match *value {
        Value::Register(register) => Some(register),
        _ => None,
    }
}

fn rename(value: &mut Value, shared: &[usize]) {
    if let Value::Register(register) = value {
        *register = shared[*register];
    }
}
