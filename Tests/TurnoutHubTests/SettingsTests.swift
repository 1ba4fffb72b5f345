import AsyncHTTPClient
import Testing
import TurnoutCore

@testable import TurnoutHub

struct SettingsTests {
    private func settings(_ environment: [String: String], files: [String: String] = [:]) throws -> HubSettings {
        try HubSettings(
            environment: ["HOME": "/home/ada"].merging(environment) { $1 }, currentFolder: "/here",
            readFile: { files[$0] })
    }

    @Test(
        "the cache is where Python has it",
        arguments: [
            ([:], "/home/ada/.cache/huggingface/hub"),
            (["XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
            (["HF_HOME": "/h"], "/h/hub"),
            (["HF_HOME": "~/h/"], "/home/ada/h/hub"),
            (["HF_HOME": "$HOME/h"], "/home/ada/h/hub"),
            (["HF_HOME": "${NOPE}/h"], "/here/${NOPE}/h/hub"),
            (["HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": "/old"], "/old"),
            (["HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "new"], "/here/new"),
            (["HF_HOME": ""], "/home/ada/.cache/huggingface/hub"),
        ])
    func cache(environment: [String: String], folder: String) throws {
        #expect(try settings(environment).cacheFolder == folder)
    }

    @Test(
        "offline is what Python takes for true",
        arguments: [
            (["HF_HUB_OFFLINE": "1"], true), (["HF_HUB_OFFLINE": "yes"], true), (["HF_HUB_OFFLINE": "True"], true),
            (["HF_HUB_OFFLINE": "on"], true),
            (["HF_HUB_OFFLINE": "0"], false), (["HF_HUB_OFFLINE": "2"], false), ([:], false),
            (["TRANSFORMERS_OFFLINE": "1"], true),
            (["HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"], false),
        ])
    func offline(environment: [String: String], expected: Bool) throws {
        #expect(try settings(environment).isOffline == expected)
    }

    @Test("the token comes from the environment, then from the file of the login")
    func token() throws {
        let files = ["/home/ada/.cache/huggingface/token": "from-file\n", "/t": "elsewhere"]
        #expect(try settings(["HF_TOKEN": " a\n"], files: files).token?.reveal() == "a")
        #expect(try settings(["HUGGING_FACE_HUB_TOKEN": "b"], files: files).token?.reveal() == "b")
        #expect(try settings([:], files: files).token?.reveal() == "from-file")
        #expect(try settings(["HF_TOKEN_PATH": "/t"], files: files).token?.reveal() == "elsewhere")
        #expect(try settings(["HF_TOKEN": "a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"], files: files).token == nil)
        #expect(try settings(["HF_TOKEN": "   "]).token == nil)
        #expect(HubSettings.token("a\u{1}b") == nil)
    }

    @Test("a token shows itself to nobody")
    func redaction() throws {
        let settings = try settings(["HF_TOKEN": "hf_secret"])
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!"\(settings)\(String(reflecting: settings))\(dumped)".contains("hf_secret"))
    }

    @Test("the endpoint is an address, without its last slash")
    func endpoint() throws {
        #expect(try settings([:]).endpoint == "https://huggingface.co")
        #expect(try settings(["HF_ENDPOINT": "https://mirror/api/hf/"]).endpoint == "https://mirror/api/hf")
        for wrong in ["mirror", "ftp://x", "https://", "https://u:p@x", "https://x/?q"] {
            #expect(throws: TurnoutError.self) { try settings(["HF_ENDPOINT": wrong]) }
        }
    }

    @Test(
        "the proxy is the one for the hub's scheme, unless the hub is exempt",
        arguments: [
            (["HTTPS_PROXY": "http://p:1"], true), (["https_proxy": "p:1", "HTTPS_PROXY": "http://other"], true),
            (["HTTP_PROXY": "http://p:1"], false), ([:], false), (["HTTPS_PROXY": ""], false),
            (["HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"], false),
            (["HTTPS_PROXY": "http://p:1", "NO_PROXY": "localhost, HuggingFace.co"], false),
            (["HTTPS_PROXY": "http://p:1", "no_proxy": ".co"], false),
            (["HTTPS_PROXY": "http://p:1", "NO_PROXY": "face.co,localhost"], true),
        ])
    func proxy(environment: [String: String], expected: Bool) throws {
        let proxy = try settings(environment).proxy
        #expect((proxy != nil) == expected)
        if expected { #expect(try proxy?.forClient() == .server(host: "p", port: 1)) }
    }

    @Test("a proxy's password is sent and never shown; what is no proxy is refused by the variable's name")
    func proxyAddress() throws {
        let proxy = try settings(["HTTPS_PROXY": "http://ada:pass%40word@p.example"]).proxy
        let expected = HTTPClient.Authorization.basic(username: "ada", password: "pass@word")
        #expect(try proxy?.forClient() == .server(host: "p.example", port: 80, authorization: expected))
        #expect(!"\(String(reflecting: proxy))".contains("word"))
        for wrong in ["socks5://p:1", "https://p:1", "http://", "::"] {
            let settings = try settings(["HTTPS_PROXY": wrong])
            let error = #expect(throws: TurnoutError.self) { try settings.proxy?.forClient() }
            #expect(error?.message.hasPrefix("HTTPS_PROXY is not the address") == true)
        }
    }

    @Test("the patience can be set")
    func silence() throws {
        #expect(try settings([:]).silence == .seconds(10))
        #expect(try settings(["HF_HUB_DOWNLOAD_TIMEOUT": "60"]).silence == .seconds(60))
    }
}
