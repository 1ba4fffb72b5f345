package import TurnoutCore

/// A branch, a tag or a commit of a model.
package struct Revision: Hashable, Sendable, CustomStringConvertible {
    /// The name as written.
    package let name: String

    /// The branch that is meant when none is named.
    package static let main = Revision(unchecked: "main")

    /// Checks that a name can be part of a path.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    package init(_ name: String) throws(TurnoutError) {
        guard SafePath.isSafe(name) else {
            throw TurnoutError(
                .invalidArgument,
                "\(Printable(name)) is not a revision; expected a branch, a tag or a commit, such as main or refs/pr/1")
        }
        self.name = name
    }

    private init(unchecked name: String) { self.name = name }

    /// Whether this is a full commit, which never moves and needs no reference.
    package var isCommit: Bool { Self.isCommit(name) }

    /// Whether a text is a full commit: forty lowercase hexadecimal digits.
    static func isCommit(_ text: String) -> Bool { text.utf8.count == 40 && Hexadecimal.isLowercase(text) }

    /// The name.
    package var description: String { name }
}
