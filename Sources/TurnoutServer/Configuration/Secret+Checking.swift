package import TurnoutCore

extension Secret {
    /// Why a text cannot be a provider's key, as the end of a sentence without any part of it; `nil` when it can.
    package static func problem(with text: String) -> String? {
        if text.isEmpty { return "is empty; give the key, or leave it out where the provider wants none" }
        if text.contains("${") { return "holds a '${…}' that is not the name of a variable; write ${NAME}" }
        guard text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            return "holds a line break or another character that is not printable ASCII; remove it"
        }
        return nil
    }
}
