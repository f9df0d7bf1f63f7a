"""One file per operator: attributes, rules, shape, constant evaluation."""
