// What a newcomer sees: one tab that reads, one that watches.
export default [
  {
    query: `# The newest runs. Press Ctrl-Enter to run it.
query Runs {
  runs(first: 20) {
    edges {
      node {
        id
      }
    }
  }
}
`,
  },
  {
    query: `# Every job that is at work, live, until you stop it.
subscription Jobs {
  jobs {
    job {
      id
    }
  }
}
`,
  },
];
