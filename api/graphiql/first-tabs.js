// What a newcomer sees: one tab that reads, one that watches.
export default [
  {
    query: `# The newest runs: Ctrl-Enter runs this, Ctrl-Space completes.
query Runs {
  runs(first: 20) {
    edges {
      node {
        id
        status
        start
        duration
        warningCount
        log {
          fileName
          bytes
        }
        signals(first: 10) {
          edges {
            node {
              name
              unit
            }
          }
        }
      }
    }
  }
}
`,
  },
  {
    query: `# Every job at work, live until you stop it: run this, then upload a log.
subscription Jobs {
  jobs {
    kind
    job {
      id
      state
      stage
      progress {
        fraction
        ratePerSecond
        etaSeconds
        warnings
      }
      run {
        id
        log {
          fileName
        }
      }
    }
  }
}
`,
  },
];
