"""A web application as a function."""

from __future__ import annotations

from fastapi import FastAPI
from mangum import Mangum

from .greeting import GREETING

app = FastAPI()


@app.get("/")
def root() -> dict[str, str]:
    """Greet."""
    return {"message": GREETING}


handler = Mangum(app, lifespan="off")
