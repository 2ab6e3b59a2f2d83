"""An order intake behind API Gateway."""
