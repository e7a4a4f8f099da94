"""`/v1/jobs`: batches that are submitted, watched and read later."""
