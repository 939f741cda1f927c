//! What people call a language, where the grammars have no such name.

/// A name or an ending that the grammars have.
pub(super) fn canonical(name: &str) -> &str {
    match name {
        "apache" | "apacheconf" => "Apache Conf",
        "assembly" | "x86asm" => "asm",
        "batch" | "dos" => "bat",
        "cmakelists" => "cmake",
        "common-lisp" | "elisp" | "emacs-lisp" | "scheme" => "lisp",
        "conf" | "desktop" | "service" | "systemd" => "ini",
        "console" | "ksh" | "sh-session" | "shell" | "shell-session" | "shellsession" | "terminal" => "bash",
        "containerfile" | "docker" => "dockerfile",
        "cplusplus" | "cu" | "cuda" | "ino" | "arduino" => "cpp",
        "csharp" => "cs",
        "dotenv" | "env" => "DotENV",
        "fs" | "fsharp" => "F#",
        "geojson" | "json5" | "jsonc" | "jsonl" | "ndjson" => "json",
        "gitcommit" | "git-commit" => "Git Commit",
        "golang" => "go",
        "h" => "c",
        "ipython" | "pycon" | "python2" | "python3" => "py",
        // Of two grammars the one that knows JSX and types.
        "javascript" | "node" | "nodejs" => "js",
        "justfile" => "makefile",
        "m" | "objc" | "objectivec" => "Objective-C",
        "mdx" => "md",
        "mysql" | "plsql" | "postgres" | "postgresql" | "psql" | "sqlite" | "tsql" => "sql",
        "objc++" | "objective-cpp" | "objectivecpp" => "Objective-C++",
        "octave" => "matlab",
        "protobuf" | "proto3" => "proto",
        "pwsh" => "powershell",
        "regex" | "regexp" => "Regular Expression",
        "rlang" => "r",
        "typescriptreact" => "tsx",
        "udiff" => "diff",
        name => name,
    }
}
