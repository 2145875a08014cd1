"""Long work: runs, the queue that hands them to a worker process, and what each kind of run does."""
