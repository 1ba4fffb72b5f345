import Testing
import TurnoutCore

@testable import TurnoutHub

struct NamesTests {
    @Test(
        "names of models are those that the hub allows",
        arguments: [
            "gpt2", "org/name", "sentence-transformers/all-MiniLM-L6-v2", "a/b.c_d-e", "_x/y1",
        ])
    func validIDs(name: String) throws {
        let id = try RepositoryID(name)
        #expect(RepositoryID(folderName: id.folderName) == id)
    }

    @Test(
        "names that could be paths, options or addresses are refused",
        arguments: [
            "", "/", "a/b/c", "../x", "a/..", "a//b", "/a", "a/", "-a/b", "a/b-", ".a/b", "a--b/c", "a/b.git", "a b/c",
            "a\\b", "é/b",
            "https://huggingface.co/a", "a\u{0}/b", "datasets/a/b",
        ])
    func invalidIDs(name: String) {
        #expect(throws: TurnoutError.self) { try RepositoryID(name) }
    }

    @Test(
        "revisions may have slashes but not climb",
        arguments: [("main", true), ("refs/pr/1", true), ("../x", false), ("", false), ("a/", false)])
    func revisions(name: String, isValid: Bool) {
        #expect(((try? Revision(name)) != nil) == isValid)
    }

    private static let headers: [(String?, String?)] = [
        ("\"abc\"", "abc"), ("W/\"abc\"", "abc"), ("abc", "abc"), ("\"../x\"", nil), ("\"a/b\"", nil), ("\"\"", nil),
        ("\".hidden\"", nil),
        ("x.incomplete", nil), (nil, nil),
    ]

    @Test("content names are read from ETags of every form", arguments: headers)
    func etags(header: String?, expected: String?) {
        #expect(BlobName(etag: header)?.text == expected)
    }

    @Test(
        "patterns match as Python's fnmatch does",
        arguments: [
            ("*.json", "config.json", true), ("*.json", "a/config.json", true), ("*.json", "config.jsonl", false),
            ("a/", "a/b/c", true),
            ("?.txt", "a.txt", true), ("?.txt", "ab.txt", false), ("[0-9]_*", "1_Pooling/x", true),
            ("[!0-9]*", "1x", false),
            ("[!0-9]*", "xx", true), ("[ab", "[ab", true), ("[]x]", "]", true), ("[z-a]", "b", false),
            ("*a*b*c", "xxaxxbxxc", true),
            ("*a*b*c", "xxaxxcxxb", false), ("", "", true), ("", "a", false), ("**", "", true), ("a*", "A", false),
        ])
    func globs(pattern: String, path: String, matches: Bool) {
        #expect(GlobPattern(pattern).matches(path) == matches)
    }

    @Test(
        "an encoder needs its configuration, tokenizer and safetensors, and no other format",
        arguments: [
            ("config.json", true), ("tokenizer_config.json", true), ("model-00001-of-00002.safetensors", true),
            ("model.safetensors.index.json", true), ("model_head.safetensors", true), ("spm.model", true),
            ("2_Dense/model.safetensors", true),
            ("2_Dense/pytorch_model.bin", false), ("pytorch_model.bin", false), ("onnx/model.onnx", false),
            ("tf_model.h5", false),
            ("openvino/openvino_model.xml", false), ("README.md", false), ("onnx/config.json", false),
            (".gitattributes", false),
            ("model_head.onnx", false), ("1_Pooling/config.json", true),
        ])
    func encoder(path: String, wanted: Bool) throws {
        #expect(FileSelection().wants(try RemotePath(path)) == wanted)
    }

    @Test("messages show foreign names without their control characters")
    func printable() {
        #expect("\(Printable("a\u{1B}[31m\nb"))" == "'a\u{FFFD}[31m\u{FFFD}b'")
        #expect("\(Printable(String(repeating: "x", count: 500)))".count == 123)
    }
}
