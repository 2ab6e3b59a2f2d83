"""Whether the tests see small mistakes in the stages that decide bytes."""
