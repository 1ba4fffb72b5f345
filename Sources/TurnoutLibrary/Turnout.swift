@_exported public import TurnoutCore
@_exported public import TurnoutEncoders
@_exported public import TurnoutNumerics
@_exported public import TurnoutRouting
