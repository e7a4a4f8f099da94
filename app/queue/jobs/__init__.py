"""Jobs: batches that are submitted and read later. All of a job is in Redis: any API process can go on with it."""
