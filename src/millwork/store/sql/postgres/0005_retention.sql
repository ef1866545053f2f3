-- What retention asks: who has taken an earlier run's attempt, or reads its files by their path.

CREATE INDEX step_taken ON step (attempt)
WHERE attempt <> '' AND substr(attempt, 1, length(run) + 1) <> run || '-';

CREATE INDEX step_of_paths ON step (run, name) WHERE strpos(spec, '/attempts/') > 0;

CREATE INDEX result_attempt ON result (attempt);
